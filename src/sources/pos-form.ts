/** Transactions of tills: the field names of the NRF (ARTS) POSLog 6, in JSON. Members of others carry a prefix, as `acs:` does. */

import Type, { type Static } from "typebox";
import { checkOf } from "../forms/index.ts";
import { Code, extensible, LINES_MAX, Text } from "./form.ts";

/** Converters from XML leave numbers and booleans as text. */
const Count = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: "^\\d{1,9}$" })]);
const Flag = Type.Union([Type.Boolean(), Type.Enum(["true", "false"])]);
const Amount = Type.Union([
  Type.Number({ minimum: -2_147_483_647, maximum: 2_147_483_647 }),
  Type.String({ pattern: "^-?\\d{1,10}(\\.\\d{1,6})?$" }),
]);
/** A local time, or one with an offset; judged where the zone is known. */
const DateTime = Text("Local time of the store, or with an offset", "2026-03-01T09:30:00");
const BusinessDay = Type.String({ pattern: "^\\d{4}-\\d\\d-\\d\\d$", examples: ["2026-03-01"] });

const ITEM_TYPES_OF_STOCK = ["Stock", "Merchandise", "Kit"] as const;
const OTHER_ITEM_TYPES = [
  ...["Service", "Alteration", "Deposit", "Fee", "GiftCard", "GiftCertificate", "GiftCertificateAmount", "Insurance", "Labor"],
  ...["Media", "NonStock", "Other", "Postage", "StoredValueCard", "Subscription", "Tare", "Ticket", "Tip", "Warranty"],
] as const;
export const MOVES_STOCK: ReadonlySet<string> = new Set(ITEM_TYPES_OF_STOCK);

export const LINK_REASONS = ["Return", "Void", "PostVoid", "Resume", "Suspend", "Layaway", "Order", "Exchange", "Other"] as const;

const Link = extensible(
  {
    ReasonCode: Type.Optional(Type.Enum(LINK_REASONS)),
    RetailStoreID: Type.Optional(Code("Store of the other transaction", "12")),
    WorkstationID: Code("Its till", "3"),
    SequenceNumber: Count,
    BusinessDayDate: BusinessDay,
    LineItemSequenceNumber: Type.Optional(Count),
    EventID: Type.Optional(Text("`id` of the CloudEvent that brought it, when that is not its own key")),
  },
  ["BeginDateTime", "EndDateTime", "EntryMethod"],
);

const ITEM_OTHERS = [
  ...["MerchandiseHierarchy", "Description", "RegularSalesUnitPrice", "ActualSalesUnitPrice", "ExtendedAmount", "UnitCostPrice"],
  ...["DiscountAmount", "ExtendedDiscountAmount", "UnitListPrice", "RetailPriceModifier", "Tax", "TaxIncludedInPriceFlag"],
  ...["ItemNotOnFileFlag", "Note", "Associate", "Discount", "Reason", "Style", "Color", "Size", "PriceModifiedFlag", "TillID"],
];

const Goods = extensible(
  {
    ItemType: Type.Optional(Type.Enum([...ITEM_TYPES_OF_STOCK, ...OTHER_ITEM_TYPES])),
    POSIdentity: Type.Optional(
      extensible(
        {
          POSIDType: Type.Optional(Text("`GTIN` makes its check digit be looked at", "GTIN")),
          POSItemID: Code("As scanned", "05012345678900"),
        },
        ["Qualifier"],
      ),
    ),
    ItemID: Type.Optional(Code("The retailer's own id of the item", "85123A")),
    Quantity: Amount,
    SerialNumber: Type.Optional(Text("Of the very piece")),
    Disposal: Type.Optional(
      extensible({ Method: Type.Enum(["ReturnToStock", "Damaged", "ReturnToVendor", "Destroyed", "Quarantine"]) }, ["Reason"]),
    ),
    TransactionLink: Type.Optional(Link),
  },
  ITEM_OTHERS,
);

export const LineItem = extensible(
  {
    SequenceNumber: Count,
    VoidFlag: Type.Optional(Flag),
    Sale: Type.Optional(Goods),
    Return: Type.Optional(Goods),
  },
  [
    ...[
      "EntryMethod",
      "BeginDateTime",
      "EndDateTime",
      "Tender",
      "Tax",
      "Discount",
      "LoyaltyReward",
      "Rounding",
      "Deposit",
      "Payment",
    ],
    ...[
      "CustomerOrderForPickup",
      "Note",
      "Charity",
      "Coupon",
      "PriceModifier",
      "Signature",
      "Survey",
      "TenderControl",
      "AgeRestriction",
    ],
    "Tip",
  ],
);

const STATUSES_DONE = ["Finished", "Tendered", "Delivered", "Final"] as const;
const STATUSES_OPEN = ["InProcess", "Totaled", "Failed"] as const;
const STATUSES_ABANDONED = ["Voided", "Canceled", "SuspendedDeleted", "Abandoned"] as const;
export const ABANDONED: ReadonlySet<string> = new Set(STATUSES_ABANDONED);
export const OPEN: ReadonlySet<string> = new Set(STATUSES_OPEN);

const RetailTransaction = extensible(
  {
    TransactionStatus: Type.Optional(
      Type.Enum([...STATUSES_DONE, ...STATUSES_OPEN, ...STATUSES_ABANDONED, "Suspended", "PostVoided"]),
    ),
    LineItem: Type.Array(LineItem, { maxItems: LINES_MAX }),
    TransactionLink: Type.Optional(Link),
  },
  [
    ...["Version", "ReceiptDateTime", "TransactionCount", "Total", "Customer", "ReceiptImage", "ReceiptNumber", "LoyaltyAccount"],
    ...[
      "Associate",
      "ItemCount",
      "TypeCode",
      "CountOfSales",
      "CountOfReturns",
      "PerformanceMetrics",
      "SpecialOrderNumber",
      "ChannelType",
    ],
  ],
);

const OTHER_TRANSACTIONS = [
  "ControlTransaction",
  "TenderControlTransaction",
  "CustomerOrderTransaction",
  "BackOfficeTransaction",
];

export const PoslogSchema = extensible(
  {
    RetailStoreID: Code("The store: a location, or a code with an alias", "12"),
    WorkstationID: Code("The till", "3"),
    SequenceNumber: Count,
    BusinessDayDate: BusinessDay,
    BeginDateTime: Type.Optional(DateTime),
    EndDateTime: Type.Optional(DateTime),
    CancelFlag: Type.Optional(Flag),
    TrainingModeFlag: Type.Optional(Flag),
    RetailTransaction: Type.Optional(RetailTransaction),
  },
  [
    ...[
      "OperatorID",
      "CurrencyCode",
      "OrganizationHierarchy",
      "BusinessUnit",
      "TransactionID",
      "TillID",
      "OfflineFlag",
      "KeyedOfflineFlag",
    ],
    ...["ReceiptNumber", "MajorVersion", "MinorVersion", "FixVersion", "TransactionType", ...OTHER_TRANSACTIONS],
  ],
);

export const poslogCheck = checkOf(PoslogSchema);

export type Poslog = Static<typeof PoslogSchema>;
export type PoslogRetail = NonNullable<Poslog["RetailTransaction"]>;
export type PoslogLine = Static<typeof LineItem>;
export type PoslogGoods = Static<typeof Goods>;
export type PoslogLink = Static<typeof Link>;

/** Whether a transaction is of a kind that has goods or none. */
export const otherKindOf = (poslog: Poslog): string | undefined => OTHER_TRANSACTIONS.find((name) => Object.hasOwn(poslog, name));

export const flagOf = (flag: boolean | string | undefined): boolean => flag === true || flag === "true";

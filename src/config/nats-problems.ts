/** Settings of the connection to NATS that are each valid, and do not make sense together. */

import type { SettingsProblem } from "./problem.ts";
import type { SettingName, Settings } from "./settings.ts";

/** Each that is set on the left needs what is on the right. */
const NEEDS: readonly (readonly [SettingName, SettingName, string])[] = [
  ["natsUser", "natsPassword", "Set STOCKGRID_NATS_PASSWORD, or use STOCKGRID_NATS_CREDS."],
  ["natsPassword", "natsUser", "Set STOCKGRID_NATS_USER."],
  ["natsCert", "natsKey", "Set STOCKGRID_NATS_KEY to the path of the certificate's key."],
  ["natsKey", "natsCert", "Set STOCKGRID_NATS_CERT to the path of the key's certificate."],
];
const OF_A_CONNECTION: readonly SettingName[] = ["natsUser", "natsPassword", "natsCreds", "natsCa", "natsCert", "natsKey"];

/** `whereOf` tells where a setting was made. */
export function natsProblems(settings: Settings, whereOf: (name: SettingName) => string): SettingsProblem[] {
  const problem = (name: SettingName, wrong: string, remedy: string): SettingsProblem => ({
    where: whereOf(name),
    wrong,
    remedy,
  });
  const useless = settings.natsUrl === undefined ? OF_A_CONNECTION.filter((name) => isSet(settings, name)) : [];
  if (useless.length > 0) {
    const remedy = "Set STOCKGRID_NATS_URL to your NATS servers, or leave it out.";
    return useless.map((name) => problem(name, "has no meaning for the embedded NATS server", remedy));
  }
  const alone = NEEDS.filter(([name, other]) => isSet(settings, name) && !isSet(settings, other));
  const twice = isSet(settings, "natsCreds") && isSet(settings, "natsUser");
  return [
    ...alone.map(([name, , remedy]) => problem(name, "is half of a pair", remedy)),
    ...(twice ? [problem("natsCreds", "is given beside a user and password", "Leave one of the two out.")] : []),
  ];
}

function isSet(settings: Settings, name: SettingName): boolean {
  return settings[name] !== undefined;
}

/** Dead letters: events that could not be read or applied, listed, shown, replayed as they are or mended, and dropped. */

import type { LocationId } from "../../../base/index.ts";
import type { Intake, Outcome } from "../../../intake/index.ts";
import type { DeadLetters, KeptLetter } from "../../../ports/index.ts";
import {
  CloudEventsSchema,
  DeadLettersViewSchema,
  DeadLetterViewSchema,
  deadLetterLine,
  deadLetterView,
  IngestResultsViewSchema,
  ingestItems,
  ingestResultView,
  invalidRequest,
  type Problem,
  parseSeq,
  problem,
} from "../../contract/index.ts";
import type { Answers } from "../answer.ts";
import type { RouteDocs } from "../openapi.ts";
import { parsePage } from "./page.ts";
import { paramOf, type Router, type RouteSpec } from "./routes.ts";

const ONE = "/v1/deadletters/:seq";
const RETRY_AFTER_SECONDS = 1;

type Handle = RouteSpec["handle"];
type Reply = Parameters<Handle>[1];

interface Desk {
  readonly intake: Pick<Intake, "take">;
  readonly deadLetters: DeadLetters;
}

export function addDeadLetterRoutes(router: Router): void {
  const { ingest } = router.context;
  if (ingest === undefined) return;
  for (const add of [listRoute, readRoute, replayRoute, dropRoute]) router.add(add(ingest));
}

function listRoute({ deadLetters }: Desk): RouteSpec {
  return {
    method: "GET",
    url: "/v1/deadletters",
    scope: "admin",
    docs: LIST_DOCS,
    handle: ({ query }, reply, answers, since) => {
      const page = parsePage(query);
      if (!page.ok) return answers.problem(reply, since, page.problem);
      const { after = "0", limit } = page.value;
      if (!/^\d{1,15}$/.test(after)) {
        return answers.problem(
          reply,
          since,
          invalidRequest([{ path: "query after", message: "must be the number of a dead letter" }]),
        );
      }
      answer(answers, reply, since, async () => {
        const found = await deadLetters.list(Number(after), limit + 1);
        const items = found.slice(0, limit);
        const next = found.length > limit ? { next: String(items.at(-1)?.seq) } : {};
        return { items: items.map(deadLetterLine), ...next };
      });
    },
  };
}

function readRoute({ deadLetters }: Desk): RouteSpec {
  return {
    method: "GET",
    url: ONE,
    scope: "admin",
    docs: READ_DOCS,
    handle: withLetter(deadLetters, (letter) => Promise.resolve(deadLetterView(letter))),
  };
}

function dropRoute({ deadLetters }: Desk): RouteSpec {
  return {
    method: "DELETE",
    url: ONE,
    scope: "admin",
    docs: DROP_DOCS,
    handle: withLetter(deadLetters, async (letter) => {
      await deadLetters.remove(letter.seq);
      return deadLetterView(letter);
    }),
  };
}

/** What became of an event that is no letter any more. */
const DONE: ReadonlySet<Outcome["kind"]> = new Set(["applied", "pending", "duplicate", "accepted"]);

/** A letter goes when every event of it is applied or accepted; else it stays as it is. */
function replayRoute({ deadLetters, intake }: Desk): RouteSpec {
  return {
    method: "POST",
    url: `${ONE}/replay`,
    scope: "admin",
    docs: REPLAY_DOCS,
    handle: withLetter(deadLetters, async (letter, mended) => {
      const value = mended === undefined ? parsed(letter.body) : mended;
      const items = ingestItems(value);
      if (!items.ok) return items.problem;
      const outcomes = await Promise.all(items.value.map((item) => replayed(intake, letter, item)));
      const isDone = outcomes.every(({ kind }) => DONE.has(kind));
      if (isDone) await deadLetters.remove(letter.seq);
      return { results: outcomes.map(ingestResultView) };
    }),
  };
}

function replayed(
  intake: Pick<Intake, "take">,
  { source, location, subject, body, seq }: KeptLetter,
  value: unknown,
): Promise<Outcome> {
  const arrival = {
    source,
    location: location as LocationId | undefined,
    subject,
    value,
    key: `letter-${seq}`,
    bytes: () => body,
  };
  return new Promise((resolve) => intake.take({ ...arrival, isReplay: true }, resolve));
}

function withLetter(deadLetters: DeadLetters, use: (letter: KeptLetter, body: unknown) => Promise<object>): Handle {
  return (request, reply, answers, since) => {
    const seq = parseSeq(paramOf(request, "seq"));
    if (!seq.ok) return answers.problem(reply, since, seq.problem);
    answer(answers, reply, since, async () => {
      const letter = await deadLetters.get(seq.value);
      return letter === undefined ? problem("not-found", `there is no dead letter ${seq.value}`) : use(letter, request.body);
    });
  };
}

function answer(answers: Answers, reply: Reply, since: number, make: () => Promise<object>): void {
  make().then(
    (view) => {
      if ("type" in view && "status" in view) answers.problem(reply, since, view as Problem);
      else answers.view(reply, since, 200, view);
    },
    (error: unknown) => {
      const detail = `the stream of dead letters does not answer: ${error instanceof Error ? error.message : String(error)}`;
      answers.problem(reply, since, problem("not-ready", detail, { retryAfterSeconds: RETRY_AFTER_SECONDS }));
    },
  );
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

const TAG = "Ingest";

const LIST_DOCS: RouteDocs = {
  id: "listDeadLetters",
  tag: TAG,
  summary: "List events that could not be read or applied",
  query: {
    after: "Number of the last one of the page before, from its `next`",
    limit: "Letters of a page, 1 to 1000, 100 when absent",
  },
  answers: { 200: { description: "A page, oldest first", schema: DeadLettersViewSchema } },
  problems: ["invalid-request"],
};

const READ_DOCS: RouteDocs = {
  id: "getDeadLetter",
  tag: TAG,
  summary: "Show a dead letter with its body",
  answers: { 200: { description: "The letter", schema: DeadLetterViewSchema } },
  problems: ["not-found"],
};

const REPLAY_DOCS: RouteDocs = {
  id: "replayDeadLetter",
  tag: TAG,
  summary: "Try a dead letter again",
  description:
    "As it is, or with a mended event, or events, as the body. It goes once all of it is applied or accepted; else it stays, and the results say why.",
  body: CloudEventsSchema,
  answers: { 200: { description: "What became of its events", schema: IngestResultsViewSchema } },
  problems: ["invalid-request", "not-found"],
};

const DROP_DOCS: RouteDocs = {
  id: "dropDeadLetter",
  tag: TAG,
  summary: "Drop a dead letter for good",
  answers: { 200: { description: "The letter, as it was", schema: DeadLetterViewSchema } },
  problems: ["not-found"],
};

/**
 * RFID and IoT: EPCIS 2.0 documents and events.
 *
 * E1. The id of a movement is that of its EPCIS event, when that has an `eventID`; else of the CloudEvent and the place in its document.
 * E2. An event with an `errorDeclaration` undoes the movements of the event with the same `eventID`, which was sent by the same source; it repeats its content.
 * E3. What is measured (`uom`) moves stock only when the code of its class says how many units make one.
 */

import { Draft } from "./draft.ts";
import { interpretEpcisEvent } from "./epcis-event.ts";
import { documentCheck, type EpcisEvent, EVENT_CHECKS, EVENTS_MAX, queryDocumentCheck } from "./epcis-form.ts";
import { problemOf } from "./form.ts";
import type { Interpretation, SourceContext, SourceEvent } from "./interpretation.ts";

type Found = { readonly events: readonly unknown[]; readonly path: string } | { readonly problem: Interpretation };

export function interpretRfid(event: SourceEvent, context: SourceContext): Interpretation {
  const found = eventsOf(event.data);
  if ("problem" in found) return found.problem;
  const draft = new Draft(event, context);
  for (const [index, each] of found.events.entries()) {
    const path = found.path === "/data" ? found.path : `${found.path}/${index}`;
    const type = (each as { readonly type?: unknown } | null)?.type;
    const check = typeof type === "string" ? EVENT_CHECKS.get(type) : undefined;
    if (check === undefined) draft.fail(`${path}/type`, `must be one of ${[...EVENT_CHECKS.keys()].join(", ")}`);
    else if (check.passes(each)) interpretEpcisEvent(each as EpcisEvent, { index: index + 1, path }, draft);
    else draft.fail(...faultOf(check.errors(each), path));
    if (draft.failed) break;
  }
  return draft.result("what was observed moves no stock");
}

function eventsOf(data: unknown): Found {
  const { type } = (data ?? {}) as { readonly type?: unknown };
  if (type === "EPCISDocument") {
    if (!documentCheck.passes(data)) return { problem: problemOf(documentCheck, data) };
    return { events: data.epcisBody.eventList, path: "/data/epcisBody/eventList" };
  }
  if (type === "EPCISQueryDocument") {
    if (!queryDocumentCheck.passes(data)) return { problem: problemOf(queryDocumentCheck, data) };
    return {
      events: data.epcisBody.queryResults.resultsBody.eventList,
      path: "/data/epcisBody/queryResults/resultsBody/eventList",
    };
  }
  return { events: [data], path: "/data" };
}

function faultOf(errors: readonly { path: string; message: string }[], path: string): [string, string] {
  const [first = { path: "", message: `must be one of at most ${EVENTS_MAX} events` }] = errors;
  return [`${path}${first.path}`, first.message];
}

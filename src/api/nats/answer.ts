/**
 * What a message is answered with, and its two forms on the wire.
 *
 * A reservation stays one until it is written, because its JSON text is built without an object in between.
 */

import type { Reservation } from "../../reservation/index.ts";
import { type Problem, reservationJson, reservationView } from "../contract/index.ts";

export type Answer =
  | { readonly kind: "reservation"; readonly reservation: Reservation }
  | { readonly kind: "view"; readonly view: unknown }
  | { readonly kind: "problem"; readonly problem: Problem }
  /** Item by item, in the order asked. */
  | { readonly kind: "list"; readonly items: readonly Answer[] };

export type Done = (answer: Answer) => void;

export const reservationAnswer = (reservation: Reservation): Answer => ({ kind: "reservation", reservation });
export const viewAnswer = (view: unknown): Answer => ({ kind: "view", view });
export const problemAnswer = (problem: Problem): Answer => ({ kind: "problem", problem });

export function answerJson(answer: Answer): string {
  switch (answer.kind) {
    case "reservation":
      return reservationJson(answer.reservation);
    case "view":
      return JSON.stringify(answer.view);
    case "problem":
      return JSON.stringify(answer.problem);
    case "list":
      return `[${answer.items.map(answerJson).join()}]`;
  }
}

/** The same as {@link answerJson} says, as a plain value. */
export function answerValue(answer: Answer): unknown {
  switch (answer.kind) {
    case "reservation":
      return reservationView(answer.reservation);
    case "view":
      return answer.view;
    case "problem":
      return answer.problem;
    case "list":
      return answer.items.map(answerValue);
  }
}

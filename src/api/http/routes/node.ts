/** About the node itself: alive, ready, metrics. */

import { problem } from "../../contract/index.ts";
import type { RouteDocs } from "../openapi.ts";
import type { Router } from "./routes.ts";

const RETRY_AFTER_SECONDS = 1;

export function addNodeRoutes(router: Router): void {
  addHealth(router);
  addReadiness(router);
  if (router.context.metricsText !== undefined) addMetrics(router, router.context.metricsText);
}

/** A member that has stopped for good never comes back by itself: whoever watches should start the node anew. */
function addHealth(router: Router): void {
  const { context } = router;
  router.add({
    method: "GET",
    url: "/healthz",
    docs: HEALTH_DOCS,
    handle: (_request, reply, answers, since) => {
      if (context.phase() === "stopped") answers.problem(reply, since, notReady("stopped"));
      else answers.view(reply, since, 200, { status: "ok", version: context.version, cluster: context.cluster });
    },
  });
}

function addReadiness(router: Router): void {
  const { context } = router;
  router.add({
    method: "GET",
    url: "/readyz",
    docs: READY_DOCS,
    handle: (_request, reply, answers, since) => {
      const phase = context.phase();
      if (phase === "serving") answers.view(reply, since, 200, { status: "ready" });
      else answers.problem(reply, since, notReady(phase));
    },
  });
}

const notReady = (phase: string): ReturnType<typeof problem> =>
  problem("not-ready", `the member is ${phase}`, { retryAfterSeconds: RETRY_AFTER_SECONDS });

function addMetrics(router: Router, metricsText: () => Promise<string>): void {
  const { context } = router;
  const contentType = context.contentType ?? "text/plain; version=0.0.4; charset=utf-8";
  router.add({
    method: "GET",
    url: "/metrics",
    scope: "read",
    docs: METRICS_DOCS,
    handle: (_request, reply, answers, since) => {
      metricsText().then(
        (text) => {
          answers.text(reply, since, 200, contentType, text);
        },
        (error: unknown) => {
          context.log?.error({ error: String(error) }, "metrics could not be read");
          answers.problem(reply, since, problem("internal-error", "metrics could not be read"));
        },
      );
    },
  });
}

const OBJECT = { type: "object", properties: { status: { type: "string" } }, required: ["status"] } as const;

const HEALTH_DOCS: RouteDocs = {
  id: "health",
  tag: "Node",
  summary: "Is the process alive",
  answers: { 200: { description: "Yes", schema: OBJECT } },
  problems: ["not-ready"],
};

const READY_DOCS: RouteDocs = {
  id: "ready",
  tag: "Node",
  summary: "Has every owned shard recovered",
  answers: { 200: { description: "Yes", schema: OBJECT } },
  problems: ["not-ready"],
};

const METRICS_DOCS: RouteDocs = {
  id: "metrics",
  tag: "Node",
  summary: "Metrics for Prometheus",
  answers: { 200: { description: "Text exposition format", schema: { type: "string" }, mediaType: "text/plain" } },
  problems: [],
};

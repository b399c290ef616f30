/** Alerts and dashboard: every metric they name is one that the code has, every alert has a section of the runbook. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { sourcesIn } from "../architecture/sources.ts";

const ROOT = join(import.meta.dirname, "../..");

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: { readonly summary?: string; readonly runbook_url?: string };
}

interface Panel {
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

const alerts = (parse(read("cluster/prometheus/alerts.yml")) as { groups: { rules: Alert[] }[] }).groups.flatMap(
  ({ rules }) => rules,
);
const panels = (JSON.parse(read("cluster/grafana/dashboards/stockgrid.json")) as { panels: Panel[] }).panels;
const expressions = [...alerts.map(({ expr }) => expr), ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))];

/** Names without the endings of a histogram's series. */
function metricsIn(expression: string): string[] {
  return (expression.match(/\bstockgrid_[a-z_]+/g) ?? []).map((name) => name.replace(/_(bucket|sum|count)$/, ""));
}

/** Metrics that src registers: by the helpers of NodeMetrics, which add the prefix, or by their whole name. */
function metricsOfTheCode(): Set<string> {
  const texts = sourcesIn("src").map(({ text }) => text);
  const short = texts.flatMap((text) =>
    [...text.matchAll(/\.#?(?:gauge|counter|histogram)\(\s*"([a-z_]+)"/g)].map(([, name]) => name),
  );
  const whole = texts.flatMap((text) => [...text.matchAll(/name: "(stockgrid_[a-z_]+)"/g)].map(([, name]) => name));
  return new Set([...short.map((name) => `stockgrid_${name}`), ...whole.map(String)]);
}

describe("metrics", () => {
  const named = new Set(expressions.flatMap(metricsIn));
  const there = metricsOfTheCode();

  it("of the code are found, to begin with", () => {
    for (const name of ["stockgrid_ready", "stockgrid_problems_total", "stockgrid_commit_duration_seconds"])
      expect(there).toContain(name);
  });

  it("in alerts and dashboard exist", () => {
    expect([...named].filter((name) => !there.has(name))).toEqual([]);
  });
});

/** As GitHub makes anchors of headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.split("\n").filter((line) => /^#{1,6} /.test(line));
  return new Set(
    headings.map((line) =>
      line
        .replace(/^#+ /, "")
        .toLowerCase()
        .replaceAll(/[^a-z0-9 _-]/g, "")
        .replaceAll(" ", "-"),
    ),
  );
}

describe("alerts", () => {
  it.each(alerts.map((alert) => [alert.alert, alert] as const))("%s says what it means and what to do", (name, alert) => {
    expect(name).toMatch(/^Stockgrid[A-Z]/);
    expect(["page", "ticket"]).toContain(alert.labels?.severity);
    expect(alert.annotations?.summary).toMatch(/\w/);
    const [path = "", anchor = ""] = (alert.annotations?.runbook_url ?? "").split("#");
    expect(path).toBe("docs/ops/runbook.md");
    expect([...anchorsOf(read(path))]).toContain(anchor);
    expect(read(path)).toContain(`\`${name}\``);
  });

  it("have names of their own", () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });
});

describe("the dashboard", () => {
  it("asks the datasource that is provisioned", () => {
    const { datasources } = parse(read("cluster/grafana/provisioning/datasources/prometheus.yml")) as {
      datasources: { uid: string }[];
    };
    const uids = new Set(panels.flatMap(({ datasource }) => (datasource === undefined ? [] : [datasource.uid])));
    expect([...uids]).toEqual(datasources.map(({ uid }) => uid));
  });

  it("has balanced expressions, each with a name of its own in its panel", () => {
    for (const { title, targets = [] } of panels) {
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
      for (const { expr } of targets) expect(count(expr, "("), `${title}: ${expr}`).toBe(count(expr, ")"));
    }
  });

  it("is where the provider looks, as compose mounts it", () => {
    const { providers } = parse(read("cluster/grafana/provisioning/dashboards/stockgrid.yml")) as {
      providers: { options: { path: string } }[];
    };
    const compose = read("cluster/compose.yaml");
    for (const { options } of providers) expect(compose).toContain(`./grafana/dashboards:${options.path}`);
  });
});

function count(text: string, character: string): number {
  return text.split(character).length - 1;
}

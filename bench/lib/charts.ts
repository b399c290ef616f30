/** The charts of RESULTS.md as SVG text. */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { HttpResult } from "../http.ts";
import type { OpenLoopResult } from "../open-loop.ts";
import type { OverloadResult } from "../overload.ts";
import { spreadOf } from "./statistics.ts";

/** Stands in for a browser's document; Plot only makes elements with it. */
const PAGE = parseHTML("<html><body></body></html>").document as unknown as NonNullable<Plot.PlotOptions["document"]>;
const WIDTH = 900;
const HEIGHT = 320;
/** Readable on the light and on the dark page of a code host. */
const STYLE = { background: "white", color: "black", fontFamily: "system-ui, sans-serif", fontSize: "13px" };

function svgOf(options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 70,
    marginTop: 44,
    document: PAGE,
    style: STYLE,
    ...options,
  });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}

export function throughputChart({ cases }: HttpResult): string {
  const bars = cases.flatMap(({ connections, skus, rounds }) =>
    Object.entries(rounds).map(([name, samples]) => ({
      group: `${connections} connections, ${skus === 1 ? "one SKU" : `${skus} SKUs`}`,
      name: name.replace("fastify+", "+ "),
      perSecond: spreadOf(samples.map((sample) => sample.perSecond)),
    })),
  );
  return svgOf({
    fx: { label: null, domain: unique(bars.map(({ group }) => group)) },
    x: { label: null, domain: unique(bars.map(({ name }) => name)), tickSize: 0 },
    y: { label: "reservations a second", grid: true },
    marks: [
      Plot.barY(bars, { fx: "group", x: "name", y: (bar) => bar.perSecond.median, fill: "name" }),
      Plot.ruleX(bars, { fx: "group", x: "name", y1: (bar) => bar.perSecond.min, y2: (bar) => bar.perSecond.max }),
    ],
  });
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

const QUANTILES = ["p50", "p99", "p99.9", "max"] as const;
type Quantile = (typeof QUANTILES)[number];
/** Where the line of a share gets its label: not where the others have theirs, since lines meet. */
const LABELLED_AT: Readonly<Record<number, Quantile>> = { 50: "p50", 80: "p99", 100: "p99.9" };

export function openLoopChart({ runs }: OpenLoopResult): string {
  const points = runs.flatMap(({ skus, share, result: { accepted } }) => {
    const load = skus === 1 ? "one hot SKU" : `${skus} SKUs`;
    const ms: Readonly<Record<Quantile, number>> = {
      p50: accepted.p50Ms,
      p99: accepted.p99Ms,
      "p99.9": accepted.p999Ms,
      max: accepted.maxMs,
    };
    return QUANTILES.map((quantile) => ({ load, share: share * 100, quantile, ms: ms[quantile] }));
  });
  return svgOf({
    fx: { label: null },
    x: { label: null, domain: [...QUANTILES] },
    y: {
      label: "ms from due to answered, at a share of the capacity",
      type: "log",
      nice: true,
      grid: true,
      ticks: 5,
      tickFormat: ",~g",
    },
    color: { type: "categorical" },
    marks: [
      Plot.line(points, { fx: "load", x: "quantile", y: "ms", stroke: "share", marker: "circle" }),
      Plot.text(
        points.filter(({ share, quantile }) => LABELLED_AT[share] === quantile),
        { fx: "load", x: "quantile", y: "ms", text: ({ share }) => `${share} %`, textAnchor: "start", dx: 6, dy: 12 },
      ),
    ],
  });
}

export function overloadChart({ runs }: OverloadResult): string {
  const lines = runs.flatMap(({ api, result }) =>
    result.timeline.flatMap(({ second, accepted, refused }) => [
      { api, second, kind: "accepted", perSecond: accepted },
      { api, second, kind: "refused", perSecond: refused },
    ]),
  );
  return svgOf({
    fx: { label: null },
    x: { label: "seconds of twice the capacity" },
    y: { label: "answers a second", grid: true, zero: true },
    marks: [
      Plot.ruleY(runs, { fx: "api", y: "capacityPerSecond", strokeDasharray: "4 3" }),
      Plot.text(runs, { fx: "api", x: 1, y: "capacityPerSecond", text: () => "capacity", textAnchor: "start", dy: -8 }),
      Plot.line(lines, { fx: "api", x: "second", y: "perSecond", stroke: "kind" }),
      Plot.text(
        lines,
        Plot.selectLast({ fx: "api", x: "second", y: "perSecond", z: "kind", text: "kind", textAnchor: "end", dy: -8 }),
      ),
    ],
  });
}

/** The charts of RESULTS.md as SVG text. */

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { HttpResult } from "../http.ts";
import type { OpenLoopResult } from "../open-loop.ts";
import type { OverloadResult } from "../overload.ts";
import { spreadOf } from "./statistics.ts";

/** Stands in for a browser's document; Plot only makes elements with it. */
const PAGE = parseHTML("<html><body></body></html>").document as unknown as NonNullable<Plot.PlotOptions["document"]>;
const WIDTH = 760;
const HEIGHT = 320;
/** Readable on the light and on the dark page of a code host. */
const STYLE = { background: "white", color: "black", fontFamily: "system-ui, sans-serif", fontSize: "13px" };

function svgOf(options: Plot.PlotOptions): string {
  const svg = Plot.plot({ width: WIDTH, height: HEIGHT, marginLeft: 70, document: PAGE, style: STYLE, ...options });
  svg.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  return `${svg.outerHTML}\n`;
}

export function throughputChart({ cases }: HttpResult): string {
  const bars = cases.flatMap(({ connections, skus, rounds }) =>
    Object.entries(rounds).map(([name, samples]) => ({
      group: `${connections} connections, ${skus === 1 ? "one SKU" : `${skus} SKUs`}`,
      name,
      perSecond: spreadOf(samples.map((sample) => sample.perSecond)),
    })),
  );
  return svgOf({
    fx: { label: null },
    x: { axis: null },
    y: { label: "reservations a second", grid: true },
    color: { legend: false, domain: [...new Set(bars.map(({ name }) => name))] },
    marks: [
      Plot.barY(bars, { fx: "group", x: "name", y: (bar) => bar.perSecond.median, fill: "name" }),
      Plot.ruleX(bars, { fx: "group", x: "name", y1: (bar) => bar.perSecond.min, y2: (bar) => bar.perSecond.max }),
      Plot.text(bars, { fx: "group", x: "name", y: (bar) => bar.perSecond.max, text: "name", dy: -8, fontSize: 10 }),
    ],
  });
}

export function openLoopChart({ runs }: OpenLoopResult): string {
  const points = runs.flatMap(({ skus, share, result: { accepted } }) =>
    (
      [
        ["p50", accepted.p50Ms],
        ["p99", accepted.p99Ms],
        ["p99.9", accepted.p999Ms],
        ["max", accepted.maxMs],
      ] as const
    ).map(([quantile, ms]) => ({ load: skus === 1 ? "one hot SKU" : `${skus} SKUs`, share: share * 100, quantile, ms })),
  );
  const last = points.filter(({ share }) => share === Math.max(...points.map((point) => point.share)));
  return svgOf({
    marginRight: 50,
    fx: { label: null },
    x: { label: "% of capacity", ticks: [50, 80, 100] },
    y: { label: "ms from due to answered", type: "log", grid: true },
    marks: [
      Plot.line(points, { fx: "load", x: "share", y: "ms", stroke: "quantile", marker: "circle" }),
      Plot.text(last, { fx: "load", x: "share", y: "ms", text: "quantile", textAnchor: "start", dx: 8 }),
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

/** Metrics of several registries as one exposition: every metric's help and type once, the samples of all behind it. */

/** Texts in the Prometheus format. A metric that several have must have the same help and type in all. O(length). */
export function mergeMetrics(texts: readonly string[]): string {
  const samplesOf = new Map<string, string[]>();
  for (const text of texts) {
    let head = "";
    for (const line of text.split("\n")) {
      if (line === "") continue;
      if (line.startsWith("# HELP ")) head = line;
      const samples = samplesOf.get(head);
      if (samples === undefined) samplesOf.set(head, [line]);
      else if (!(line.startsWith("#") && samples.includes(line))) samples.push(line);
    }
  }
  return `${[...samplesOf.values()].map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

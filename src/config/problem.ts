/** A setting that stops the start, as data, and its text for a person. */

export interface SettingsProblem {
  /** Where it was set, as the person wrote it: `STOCKGRID_HTTP_PORT`, `--http-port`, `httpPort in /etc/stockgrid.json`. */
  readonly where: string;
  /** The value as given; undefined when there is none or it is a secret. */
  readonly value?: string;
  readonly wrong: string;
  /** What to do about it. */
  readonly remedy: string;
}

export function settingsProblemText(problem: SettingsProblem): string {
  const given = problem.value === undefined ? "" : ` = ${JSON.stringify(problem.value)}`;
  return `${problem.where}${given}: ${problem.wrong}. ${problem.remedy}`;
}

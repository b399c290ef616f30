/** The documentation page in a real browser: its scripts run under its content security policy and show the API. */

import type { AddressInfo } from "node:net";
import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import { findBrowser, renderedPage } from "./browser.ts";
import { serverOf } from "./http-fixture.ts";
import { StubGrid } from "./nats-stub-grid.ts";

const NO_BROWSER = "no chromium here: the documentation page was not looked at in a browser";

describe("the page to try the API", () => {
  it("shows its title and its operations in a browser", async (context) => {
    const browser = findBrowser();
    if (browser === undefined) {
      process.stderr.write(`${NO_BROWSER}\n`);
      return context.skip(NO_BROWSER);
    }
    const server = serverOf(new StubGrid());
    try {
      await server.listen({ host: "127.0.0.1", port: 0 });
      const { port } = server.server.address() as AddressInfo;
      const { document } = parseHTML(await renderedPage(browser, `http://127.0.0.1:${port}/docs`));
      expect(document.querySelector("h1")?.textContent).toContain("StockGrid");
      // The page draws the details of an operation when it comes into view; names and paths are there at once.
      const headings = [...document.querySelectorAll("h2")].map(({ textContent }) => textContent?.replace(/\W/g, ""));
      expect(headings).toContain("Reservations");
      expect(document.body.textContent).toContain("Hold units");
      expect(document.body.textContent).toContain("/v1/reservations/{id}/confirm");
    } finally {
      await server.close();
    }
  }, 90_000);
});

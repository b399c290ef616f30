/** Which methods a path knows, so that a wrong one is told apart from a wrong path. */

import type { FastifyInstance } from "fastify";

export class AllowedMethods {
  readonly #paths = new Map<string, { readonly form: RegExp; readonly methods: Set<string> }>();

  /** Learns every route that is added to the app from now on. */
  watch(app: FastifyInstance): void {
    app.addHook("onRoute", ({ url, method }) => {
      let path = this.#paths.get(url);
      if (path === undefined) {
        path = { form: new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:[a-zA-Z]+/g, "[^/]+")}$`), methods: new Set() };
        this.#paths.set(url, path);
      }
      for (const name of [method].flat()) path.methods.add(name);
    });
  }

  /** For the `Allow` header; undefined for a path that nobody serves. */
  of(url: string): string | undefined {
    const path = url.split("?", 1)[0] as string;
    const methods = [...this.#paths.values()].filter(({ form }) => form.test(path)).flatMap((it) => [...it.methods]);
    return methods.length === 0 ? undefined : [...new Set(methods)].sort().join(", ");
  }
}

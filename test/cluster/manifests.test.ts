/** Compose and Kubernetes files: they parse, and what one part names another has. */

import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { composeServers, generateNats, kubernetesServers } from "../../cluster/nats/index.ts";
import { settingHelp } from "../../src/config/index.ts";

const ROOT = join(import.meta.dirname, "../..");
const SETTINGS = new Set(settingHelp().map(({ variable }) => variable));

/** A part of a YAML document, looked into by path. */
type Tree = Readonly<Record<string, unknown>>;

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The value at a path, such as `spec.template.metadata.labels`. */
function at(tree: unknown, path: string): unknown {
  return path.split(".").reduce((value: unknown, key) => (value as Tree | undefined)?.[key], tree);
}

function list(tree: unknown, path: string): Tree[] {
  return (at(tree, path) ?? []) as Tree[];
}

let secrets: string;
beforeAll(async () => {
  secrets = await mkdtemp(join(tmpdir(), "stockgrid-manifests-"));
  await generateNats({ out: join(secrets, "compose"), cluster: "default", servers: composeServers(3) });
  await generateNats({ out: join(secrets, "kubernetes"), cluster: "default", servers: kubernetesServers(3, "stockgrid") });
});
afterAll(() => rm(secrets, { recursive: true, force: true }));

describe("compose.yaml", () => {
  const compose = parse(read("cluster/compose.yaml"), { merge: true }) as Tree;
  const services = Object.entries(compose["services"] as Record<string, Tree>);

  it("has three servers, three nodes, Prometheus and Grafana", () => {
    const names = services.map(([name]) => name);
    for (const name of ["nats-1", "nats-2", "nats-3", "grid-1", "grid-2", "grid-3", "prometheus", "grafana"])
      expect(names).toContain(name);
  });

  it("names only volumes, networks, services and settings that there are", () => {
    const volumes = Object.keys(compose["volumes"] as Tree);
    for (const [name, service] of services) {
      for (const text of (service["volumes"] ?? []) as string[]) {
        const source = text.split(":")[0] ?? "";
        if (!source.startsWith(".")) expect(volumes, name).toContain(source);
      }
      for (const network of (service["networks"] ?? []) as string[])
        expect(Object.keys(compose["networks"] as Tree)).toContain(network);
      for (const other of Object.keys((service["depends_on"] ?? {}) as Tree))
        expect(services.map(([each]) => each)).toContain(other);
      for (const variable of Object.keys((service["environment"] ?? {}) as Tree)) {
        if (variable.startsWith("STOCKGRID_")) expect(SETTINGS, `${name}: ${variable}`).toContain(variable);
      }
    }
  });

  it("mounts files that are in the repository, or that cluster:nats makes", () => {
    for (const [name, service] of services) {
      for (const text of (service["volumes"] ?? []) as string[]) {
        const source = text.split(":")[0] ?? "";
        if (!source.startsWith("./")) continue;
        const path = source.startsWith("./secrets")
          ? join(secrets, "compose", source.slice("./secrets".length))
          : join(ROOT, "cluster", source);
        expect(existsSync(path), `${name} mounts ${path}`).toBe(true);
      }
    }
  });

  it("gives each node its own name, and longer to stop than a handover takes", () => {
    const nodes = services.filter(([name]) => name.startsWith("grid-"));
    for (const [name, node] of nodes) {
      expect(at(node, "environment.STOCKGRID_NODE_ID")).toBe(name);
      const handover = Number(at(node, "environment.STOCKGRID_HANDOVER_SECONDS"));
      expect(Number.parseInt(String(node["stop_grace_period"]), 10)).toBeGreaterThan(handover + 10);
    }
    expect(nodes).toHaveLength(3);
  });

  it("is what Prometheus scrapes", () => {
    const prometheus = parse(read("cluster/prometheus/prometheus.yml")) as Tree;
    const targets = list(prometheus, "scrape_configs").flatMap((config) =>
      list(config, "static_configs").flatMap((one) => one["targets"] as string[]),
    );
    expect(targets.filter((target) => target.endsWith(":8080")).map((target) => target.split(":")[0])).toEqual([
      "grid-1",
      "grid-2",
      "grid-3",
    ]);
    expect(read("cluster/compose.yaml")).toContain("target: /etc/prometheus/metrics-key");
  });
});

describe("kubernetes", () => {
  const kustomization = parse(read("cluster/kubernetes/kustomization.yaml")) as Tree;
  const documents = (kustomization["resources"] as string[]).flatMap((file) =>
    parseAllDocuments(read(`cluster/kubernetes/${file}`)).map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Tree;
    }),
  );
  const kind = (name: string): Tree[] => documents.filter((document) => document["kind"] === name);
  const workloads = [...kind("StatefulSet"), ...kind("Job")];
  const generated = ["configMapGenerator", "secretGenerator"].flatMap((key) => list(kustomization, key).map(({ name }) => name));
  const containers = workloads.flatMap((workload) => list(workload, "spec.template.spec.containers"));
  const podLabels = workloads.map((workload) => at(workload, "spec.template.metadata.labels") as Record<string, string>);
  const selects = (selector: unknown): boolean =>
    podLabels.some((labels) => Object.entries((selector ?? {}) as Tree).every(([key, value]) => labels[key] === value));

  it("has everything that keeps a rolling upgrade safe", () => {
    for (const set of kind("StatefulSet")) {
      const { name } = set["metadata"] as { name: string };
      expect(at(set, "spec.template.spec.topologySpreadConstraints"), name).toHaveLength(2);
      const budget = kind("PodDisruptionBudget").find((one) => at(one, "metadata.name") === name);
      expect(at(budget, "spec.maxUnavailable"), name).toBe(1);
      expect(kind("Service").map((service) => at(service, "metadata.name"))).toContain(at(set, "spec.serviceName"));
    }
    const literals = list(kustomization, "configMapGenerator").flatMap((one) => one["literals"] as string[]);
    const handover = Number(literals.find((literal) => literal.startsWith("STOCKGRID_HANDOVER_SECONDS="))?.split("=")[1]);
    const grid = kind("StatefulSet").find((set) => at(set, "metadata.name") === "grid");
    expect(at(grid, "spec.template.spec.terminationGracePeriodSeconds")).toBeGreaterThan(handover + 30);
  });

  it("selects pods that there are", () => {
    for (const service of kind("Service"))
      expect(selects(at(service, "spec.selector")), String(at(service, "metadata.name"))).toBe(true);
    for (const one of [...kind("PodDisruptionBudget"), ...kind("StatefulSet")])
      expect(selects(at(one, "spec.selector.matchLabels"))).toBe(true);
    for (const policy of kind("NetworkPolicy")) expect(selects(at(policy, "spec.podSelector.matchLabels"))).toBe(true);
    const spread = kind("StatefulSet").flatMap((set) => list(set, "spec.template.spec.topologySpreadConstraints"));
    for (const one of spread) expect(selects(at(one, "labelSelector.matchLabels"))).toBe(true);
  });

  it("names ports, volumes, secrets and settings that there are", () => {
    const ports = containers.flatMap((container) => list(container, "ports").map(({ name }) => name));
    for (const service of kind("Service"))
      for (const port of list(service, "spec.ports")) expect(ports).toContain(port["targetPort"]);
    for (const workload of workloads) {
      const spec = at(workload, "spec.template.spec");
      const volumes = [
        ...list(spec, "volumes").map(({ name }) => name),
        ...list(workload, "spec.volumeClaimTemplates").map((claim) => at(claim, "metadata.name")),
      ];
      for (const mount of list(spec, "containers").flatMap((container) => list(container, "volumeMounts")))
        expect(volumes).toContain(mount["name"]);
      for (const volume of list(spec, "volumes"))
        if (volume["secret"] !== undefined) expect(generated).toContain(at(volume, "secret.secretName"));
    }
    for (const from of containers.flatMap((container) => list(container, "envFrom"))) {
      expect(generated).toContain(at(from, "configMapRef.name") ?? at(from, "secretRef.name"));
    }
    const variables = [
      ...containers.flatMap((container) => list(container, "env").map(({ name }) => String(name))),
      ...list(kustomization, "configMapGenerator").flatMap((one) =>
        (one["literals"] as string[]).map((literal) => literal.split("=")[0] ?? ""),
      ),
    ];
    for (const variable of variables.filter((name) => name.startsWith("STOCKGRID_"))) expect(SETTINGS).toContain(variable);
  });

  it("takes secrets that cluster:nats makes", () => {
    const files = list(kustomization, "secretGenerator").flatMap((one) => (one["files"] ?? []) as string[]);
    for (const file of files) expect(existsSync(join(secrets, "kubernetes", file.slice("secrets/".length))), file).toBe(true);
    expect(dirname(files[0] ?? "")).toBe("secrets/nats");
  });

  it("runs without root, without a writable root file system, and with bounds", () => {
    for (const workload of workloads) expect(at(workload, "spec.template.spec.securityContext.runAsNonRoot")).toBe(true);
    for (const container of containers) {
      expect(at(container, "securityContext.readOnlyRootFilesystem"), String(container["name"])).toBe(true);
      expect(at(container, "securityContext.allowPrivilegeEscalation")).toBe(false);
      expect(at(container, "resources.requests.memory")).toBeDefined();
      expect(at(container, "resources.limits.memory")).toBeDefined();
    }
  });

  it("lets the nodes reach NATS by the names in the certificates", () => {
    const url = list(kustomization, "configMapGenerator")
      .flatMap((one) => one["literals"] as string[])
      .find((literal) => literal.startsWith("STOCKGRID_NATS_URL="));
    const hosts =
      (url ?? "")
        .split("=")[1]
        ?.split(",")
        .map((server) => new URL(server).hostname) ?? [];
    expect(hosts).toHaveLength(3);
    const named = kubernetesServers(3, "stockgrid").flatMap((server) => server.hosts);
    for (const host of hosts) expect(named).toContain(host);
  });
});

describe("the image", () => {
  it("copies what there is, and has what the manifests start", () => {
    const dockerfile = read("Dockerfile");
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => (sources ?? "").split(" "));
    for (const source of copied) expect(existsSync(join(ROOT, source)), source).toBe(true);
    const allowed = read(".dockerignore")
      .split("\n")
      .filter((line) => line.startsWith("!"))
      .map((line) => line.slice(1));
    for (const source of copied) expect(allowed, source).toContain(source);
    expect(copied).toContain("cluster/nats/make-client-streams.ts");
  });
});

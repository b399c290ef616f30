/** The NATS servers of a cluster: their configuration, certificates, accounts, and what clients read from. */
export { type AccountsPlan, accountsText, type NatsUser } from "./accounts.ts";
export { makeAuthority, makeServerCertificate, type Signed } from "./certificates.ts";
export { ensureClientStreams } from "./client-streams.ts";
export { type Generated, type GeneratePlan, generateNats, type ServerPlan } from "./generate.ts";
export { ACCOUNTS, AVAILABILITY_BUCKET, AVAILABILITY_STREAM, bucketsOf, EVENTS_STREAM } from "./names.ts";
export { inboxOf, type Permissions, permissionsOf, ROLES, type Role } from "./permissions.ts";
export { composeServers, hostServers, kubernetesServers } from "./plans.ts";
export { type RouteConfig, type ServerConfig, serverConfigText } from "./server-config.ts";

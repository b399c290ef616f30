/** Commands to the owner of their shard, here or elsewhere. */
export { DEFAULT_ROUTER_LIMITS, type RouterLimits, type RouterObserver } from "./calls.ts";
export { splitLinks } from "./channels.ts";
export type { LocalMember } from "./command.ts";
export { Router, type RouterOptions } from "./router.ts";

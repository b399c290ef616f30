/** Messages between members: by thread within a node, by NATS between nodes. */
export { ImageObjects, imageBucket, imageName } from "./image-objects.ts";
export { fetchImage, type GiveImage, serveImages } from "./nats-images.ts";
export { linkSubject, NatsLinks } from "./nats-links.ts";
export { NodeLinks } from "./node-links.ts";
export { type HandPort, ThreadHub } from "./thread-hub.ts";
export { ThreadLinks } from "./thread-links.ts";

# StockGrid in a container: one node, data in /data. Alone it embeds its nats-server; with STOCKGRID_NATS_URL it is a node of a cluster, as
# cluster/compose.yaml and cluster/kubernetes have it.
#   docker build -t stockgrid .
#   docker run -p 8080:8080 -v stockgrid:/data -e STOCKGRID_API_KEYS=shop:read+write:a-secret-of-16-or-more stockgrid
# Without API keys it refuses to start, since it listens on more than loopback.
# Native type stripping runs the sources as they are; no build step.

FROM nats:2.15-alpine AS nats

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image brings the pinned Node itself.
RUN npm ci --omit=dev && rm -rf node_modules/node node_modules/.bin/node

FROM node:24-slim
ENV NODE_ENV=production \
    STOCKGRID_NATS_SERVER=/usr/local/bin/nats-server \
    STOCKGRID_DATA_DIR=/data \
    STOCKGRID_HTTP_HOST=0.0.0.0
# A static binary, so the image it comes from does not matter.
COPY --from=nats /usr/local/bin/nats-server /usr/local/bin/nats-server
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE NOTICE ./
COPY src ./src
COPY sample ./sample
# Run once for a cluster; see docs/ops/cluster.md.
COPY cluster/nats/make-client-streams.ts cluster/nats/client-streams.ts cluster/nats/names.ts ./cluster/nats/
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.STOCKGRID_HTTP_PORT || 8080) + '/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Exec form: SIGTERM reaches the node itself, which hands over or drains, checkpoints, and ends its nats-server. Give it longer than
# STOCKGRID_HANDOVER_SECONDS before it is killed: docker stop --timeout 60.
CMD ["node", "src/cli/index.ts", "serve"]

# Packages come from npm's own registry, or from a nearer one:
#   docker build --build-arg NPM_CONFIG_REGISTRY=https://registry.npmmirror.com .

FROM node:26-slim AS packages
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json ./
# What no server needs goes again: sources of SQLite, and its builds for other systems.
RUN npm ci --omit=dev --ignore-scripts \
 && cd node_modules/better-sqlite3 \
 && rm -rf deps src \
 && find prebuilds -type f ! -name "linux-$(node -p process.arch).node" -delete

FROM node:26-slim AS console
ARG NPM_CONFIG_REGISTRY
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
COPY ui ./ui
RUN node ui/build.ts

FROM node:26-slim AS app
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE config.toml ./
COPY migrations ./migrations
COPY src ./src
COPY --from=console /app/ui/dist ./ui/dist
RUN chmod -R u=rwX,go=rX . && install -d -o node -g node node_modules/.cache
# Keeps what compiling the sources gives, for the user it will run as: every start and health check is spared it.
USER node
RUN export NODE_COMPILE_CACHE=/app/node_modules/.cache/cachalot \
 && node -e "await import('/app/src/app.ts'); await import('/app/src/observe/log.ts')" \
 && node src/main.ts config check \
 && chmod -R a+rX node_modules/.cache

FROM node:26-slim
LABEL org.opencontainers.image.title="Cachalot" \
      org.opencontainers.image.description="A self-hosted pull-through cache for container images" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
# git keeps mirrors of repositories; it trusts the authorities of ca-certificates. Nobody installs packages in here.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* /usr/local/lib/node_modules /opt/yarn-* \
 && rm -f /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && ln -s /app/src/main.ts /usr/local/bin/cachalot \
 && install -d -o node -g node -m 750 /data
# With the cache of compiling named from outside, not even the first file needs its types stripped.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/app/node_modules/.cache/cachalot \
    CACHALOT_STORAGE__PATH=/data
WORKDIR /app
# Of root, so that the server cannot change its own program.
COPY --chown=root:root --from=app /app ./
USER node
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s --retries=3 \
  CMD ["node", "src/main.ts", "healthcheck"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]

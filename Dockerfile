FROM node:26-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim AS console
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY src ./src
COPY ui ./ui
RUN node ui/build.ts

FROM node:26-slim
ENV NODE_ENV=production \
    CACHALOT_STORAGE__PATH=/data
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE config.toml ./
COPY migrations ./migrations
COPY src ./src
COPY --from=console /app/ui/dist ./ui/dist
RUN mkdir /data && chown node:node /data && node src/main.ts version
USER node
VOLUME /data
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=10s --retries=3 \
  CMD ["node", "src/main.ts", "healthcheck"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]

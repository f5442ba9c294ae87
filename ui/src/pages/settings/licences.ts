/** Of this program. */
export const LICENCE = 'MIT'

/** The libraries it is made with, on the server and in this page; a test compares them with what is installed. */
export const PARTS: readonly { readonly name: string; readonly licence: string }[] = [
  { name: '@koa/router', licence: 'MIT' },
  { name: '@node-rs/bcrypt', licence: 'MIT' },
  { name: '@opentelemetry/api', licence: 'Apache-2.0' },
  { name: '@opentelemetry/exporter-trace-otlp-http', licence: 'Apache-2.0' },
  { name: '@opentelemetry/resources', licence: 'Apache-2.0' },
  { name: '@opentelemetry/sdk-trace', licence: 'Apache-2.0' },
  { name: '@preact/signals', licence: 'MIT' },
  { name: 'apache-md5', licence: 'MIT' },
  { name: 'better-sqlite3', licence: 'MIT' },
  { name: 'ipaddr.js', licence: 'MIT' },
  { name: 'koa', licence: 'MIT' },
  { name: 'node-cron', licence: 'ISC' },
  { name: 'pino', licence: 'MIT' },
  { name: 'pino-pretty', licence: 'MIT' },
  { name: 'preact', licence: 'MIT' },
  { name: 'prom-client', licence: 'Apache-2.0' },
  { name: 'smol-toml', licence: 'BSD-3-Clause' },
  { name: 'tar', licence: 'BlueOak-1.0.0' },
  { name: 'tldts', licence: 'MIT' },
  { name: 'undici', licence: 'MIT' },
  { name: 'zod', licence: 'MIT' },
]

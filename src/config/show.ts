import type { ConfigEntry } from './entries.ts'
import { plainText } from './issues.ts'
import type { LoadedConfig } from './load.ts'
import type { Origin } from './source.ts'

/**
 * The effective configuration as TOML with secrets as "***". Saved as a file it loads again; what came as a secret
 * from the environment stands in it as a comment. `origin` adds where each value came from.
 */
export function renderConfig(loaded: LoadedConfig, options: { readonly origin: boolean }): string {
  const tables: string[][] = []
  let last: ConfigEntry | undefined
  for (const entry of loaded.entries) {
    if (entry.table !== last?.table || entry.index !== last.index) tables.push([headerFor(entry)])
    tables.at(-1)?.push(lineFor(entry, options.origin))
    last = entry
  }
  return `${tables.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

function headerFor(entry: ConfigEntry): string {
  return entry.index === undefined ? `[${entry.table}]` : `[[${entry.table}]]`
}

function lineFor(entry: ConfigEntry, withOrigin: boolean): string {
  const key = /^[\w-]+$/.test(entry.key) ? entry.key : JSON.stringify(entry.key)
  const line = `${entry.secret ? '# ' : ''}${key} = ${plainText(entry.value)}`
  return withOrigin ? `${line.padEnd(48)} # ${renderOrigin(entry.origin)}` : line
}

/** "default", "config.toml:12" or "env CACHALOT_SERVER__LISTEN". */
export function renderOrigin(origin: Origin): string {
  if (origin.from === 'default') return 'default'
  if (origin.from === 'env') return `env ${origin.name}`
  return origin.line === undefined ? origin.file : `${origin.file}:${origin.line}`
}

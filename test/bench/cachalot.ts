import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../support/ports.ts'
import { startChild } from './child.ts'
import type { Launcher, Setting } from './subjects.ts'

const COMPILED = join(import.meta.dirname, '../../node_modules/.cache/cachalot')
const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** Cachalot from this tree. `profileTo`: folder that receives one .cpuprofile for every run of the server. */
export function cachalot(profileTo?: string): Launcher {
  return {
    name: 'cachalot',
    missing: () => (existsSync(MAIN) ? undefined : 'src/main.ts does not exist'),
    async start(setting) {
      const port = await freePort()
      const file = join(setting.folder, 'config.toml')
      mkdirSync(join(setting.folder, 'data'))
      writeFileSync(file, configuration(setting, port))
      const url = `${setting.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
      const profiling =
        profileTo === undefined
          ? []
          : ['--cpu-prof', `--cpu-prof-dir=${profileTo}`, '--cpu-prof-interval=500']
      const args = [...profiling, MAIN, 'serve', '--config', file]
      const child = await startChild({
        command: process.execPath,
        args,
        folder: setting.folder,
        // As `npm start` has it.
        env: { NODE_COMPILE_CACHE: COMPILED },
        readyUrl: `${url}/healthz`,
      })
      return { name: 'cachalot', url, folder: setting.folder, ...child }
    },
  }
}

/** Shipped defaults except for what ties it to this run; request lines are off as with the other subjects. */
function configuration(
  { upstreamUrl, folder, tagTtlSeconds = 600, tls, maxSize, more = '' }: Setting,
  port: number,
): string {
  return `[server]
listen = "127.0.0.1:${port}"
${tls === undefined ? '' : `[server.tls]\ncert = "${tls.cert}"\nkey = "${tls.key}"`}

[storage]
path = ${JSON.stringify(join(folder, 'data'))}
${maxSize === undefined ? '' : `max_size = "${maxSize}"`}

[cache]
tag_ttl = "${tagTtlSeconds}s"

[log]
level = "warn"

[[upstream]]
name = "upstream.test"
url = "${upstreamUrl}"
default = true
${more}`
}

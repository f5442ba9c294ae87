import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { stringify } from 'smol-toml'
import { type Daemon, findPort, probeHttp, startDaemon, waitUntilReady } from './process.ts'

export interface UpstreamOptions {
  readonly name: string
  readonly url: string
  readonly default?: boolean
  readonly aliases?: readonly string[]
}

export interface CacheOptions {
  /** Existing folder for configuration and data. */
  readonly dir: string
  readonly upstreams: readonly UpstreamOptions[]
  /** As in config.toml. */
  readonly tagTtl?: string
}

/** Cachalot itself, as its own process. */
export interface Cache extends AsyncDisposable {
  readonly port: number
  /** "127.0.0.1:<port>", as it stands in image names. */
  readonly host: string
  readonly url: string
  /** Everything it has printed since its last start. */
  log(): string
  /** Stops it and starts it again on the same port and data, with another tag_ttl. */
  restart(tagTtl: string): Promise<void>
}

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')

/** Starts a cache on a free port of loopback and waits until it is healthy. */
export async function startCache(options: CacheOptions): Promise<Cache> {
  const port = await findPort()
  const url = `http://127.0.0.1:${port}`
  let daemon = await startOnce(options, port)
  return {
    port,
    host: `127.0.0.1:${port}`,
    url,
    log: () => daemon.log(),
    async restart(tagTtl) {
      await daemon.stop()
      daemon = await startOnce({ ...options, tagTtl }, port)
    },
    [Symbol.asyncDispose]: () => daemon.stop(),
  }
}

async function startOnce(options: CacheOptions, port: number): Promise<Daemon> {
  const file = join(options.dir, 'config.toml')
  await writeFile(
    file,
    stringify({
      server: { listen: `127.0.0.1:${port}` },
      storage: { path: join(options.dir, 'data'), min_free: '0' },
      cache: { tag_ttl: options.tagTtl ?? '5m' },
      upstream: options.upstreams,
    }),
  )
  const daemon = startDaemon(process.execPath, [MAIN, 'serve', '--config', file], cleanEnvironment())
  await waitUntilReady(daemon, () => probeHttp(`http://127.0.0.1:${port}/healthz`))
  return daemon
}

/** Settings in this shell's environment would override the file. */
function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('CACHALOT_'))
  return Object.fromEntries(kept.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])))
}

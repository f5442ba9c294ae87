import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { toSha256 } from '../../../src/db/digests.ts'
import { openToRead } from '../../../src/db/open.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { bigRepository } from '../../support/big-index.ts'
import { ask } from '../ask.ts'
import { type Child, freePort, startChild } from '../child.ts'
import type { LoopDelay } from './probe.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const PROBE = join(import.meta.dirname, 'probe.ts')
const PATIENCE_MS = 60_000
/** Those of the repositories that `makeBigIndex` makes. */
const UPSTREAMS = [...new Set(Array.from({ length: 5 }, (_, i) => bigRepository(i).upstream))]
const DEFAULT = bigRepository(0).upstream

export interface BigServer extends Child {
  readonly url: string
  /** Seconds from the start of the process to the first answered manifest. */
  readonly startedIn: number
  /** How late its event loop was since it was asked last. */
  loopDelay(): Promise<LoopDelay>
  /** Of a manifest that is cached. */
  readonly manifest: string
}

/** Cachalot on a data folder of `makeBigIndex`; resolves with its first answered manifest. `folder` takes its log. */
export async function startBigServer(
  root: string,
  { folder, upstreamUrl }: { folder: string; upstreamUrl: string },
): Promise<BigServer> {
  const port = await freePort()
  const config = join(folder, 'config.toml')
  const { name } = bigRepository(0)
  writeFileSync(
    config,
    `[server]
listen = "127.0.0.1:${port}"

[storage]
path = ${JSON.stringify(root)}
max_size = "0"
min_free = "0"

[log]
level = "warn"

${UPSTREAMS.map((name) => upstreamText(name, upstreamUrl)).join('\n')}`,
  )
  const url = `http://127.0.0.1:${port}`
  const manifest = `/v2/${name}/manifests/${firstDigest(root)}`
  const args = ['--import', PROBE, MAIN, 'serve', '--config', config]
  const probe = join(folder, 'probe.sock')
  rmSync(probe, { force: true })
  // Children inherit it; one server of this kind runs at a time.
  process.env['CACHALOT_PROBE'] = probe
  const first = firstAnswer(url + manifest)
  const child = await startChild({ command: process.execPath, args, folder, readyUrl: url + manifest })
  return { ...child, url, manifest, startedIn: await first, loopDelay: () => askProbe(probe) }
}

function upstreamText(name: string, url: string): string {
  return `[[upstream]]
name = "${name}"
url = "${url}"
default = ${name === DEFAULT}
`
}

/** Seconds until it is answered; looks more often than whoever only waits. */
async function firstAnswer(url: string): Promise<number> {
  const began = performance.now()
  while (performance.now() - began < PATIENCE_MS) {
    const answer = await ask(url).catch(() => undefined)
    if (answer?.status === 200) break
    await sleep(5)
  }
  return (performance.now() - began) / 1000
}

async function askProbe(socketPath: string): Promise<LoopDelay> {
  const asked = request({ socketPath, agent: false }).end()
  // once() gives the arguments of the event.
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  // probe.ts wrote it.
  return JSON.parse(await text(response)) as LoopDelay
}

/** Of the first image, whose manifest is real. */
function firstDigest(root: string): string {
  const db = openToRead(layoutOf(root).index)
  try {
    const select = db
      .prepare<[], Buffer>("SELECT digest FROM entries WHERE repository = 0 AND ref = 'v0'")
      .pluck()
    const digest = select.get()
    if (digest === undefined) throw new Error('the index has no tag v0')
    return toSha256(digest)
  } finally {
    db.close()
  }
}

import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { toSha256 } from '../../../src/db/digests.ts'
import { openToRead } from '../../../src/db/open.ts'
import { layoutOf } from '../../../src/store/layout.ts'
import { bigRepository } from '../../support/big-index.ts'
import { freePort } from '../../support/ports.ts'
import { ask } from '../ask.ts'
import { type Child, startChild } from '../child.ts'
import type { LoopDelay } from './probe.ts'

const MAIN = join(import.meta.dirname, '../../../src/main.ts')
const PROBE = join(import.meta.dirname, 'probe.ts')
const PATIENCE_MS = 60_000
const REBUILT_WITHIN_MS = 300_000
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

export interface BigSetting {
  /** Takes log and configuration. */
  readonly folder: string
  readonly upstreamUrl: string
  /** What to ask for first; default: looked up in the index. */
  readonly manifest?: string
}

/** Cachalot on a data folder of `makeBigIndex`; resolves with its first answered manifest. */
export async function startBigServer(
  root: string,
  { folder, upstreamUrl, manifest = manifestIn(root) }: BigSetting,
): Promise<BigServer> {
  const port = await freePort()
  const config = join(folder, 'config.toml')
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

/** Settles once a server that lost its index says in its log that index and files agree; throws after five minutes. */
export async function indexRebuilt(folder: string): Promise<void> {
  const until = performance.now() + REBUILT_WITHIN_MS
  while (!readFileSync(join(folder, 'log'), 'utf8').includes('"event":"index.recovered"')) {
    if (performance.now() > until) throw new Error('the index was not rebuilt')
    await sleep(20)
  }
}

function manifestIn(root: string): string {
  return realManifests(root, 1)[0] ?? ''
}

/** Paths of manifests that are cached in `root`, by digest, and whose bytes are real. */
export function realManifests(root: string, count: number): readonly string[] {
  return digestsOf(root, count).map((digest, image) => {
    const { upstream, name } = bigRepository(image)
    return `/v2/${upstream === DEFAULT ? '' : `${upstream}/`}${name}/manifests/${digest}`
  })
}

/** Of the first images, which are one for each repository. */
function digestsOf(root: string, count: number): string[] {
  const db = openToRead(layoutOf(root).index)
  try {
    const select = db
      .prepare<[number, string], Buffer>('SELECT digest FROM entries WHERE repository = ? AND ref = ?')
      .pluck()
    return Array.from({ length: count }, (_, image) => {
      const digest = select.get(image, `v${image}`)
      if (digest === undefined) throw new Error(`the index has no tag v${image}`)
      return toSha256(digest)
    })
  } finally {
    db.close()
  }
}

import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { findBinary } from '../clients/process.ts'
import { type Cleanup, tempDir } from './temp.ts'

export interface GoRun {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A real go with folders of its own, where nothing is but what it downloads. */
export interface GoClient {
  /** A module of its own, "example.test/main", in which commands run. */
  readonly work: string
  run(...args: readonly string[]): Promise<GoRun>
}

export interface GoClientOptions {
  readonly proxy: string
  /** "off" unless given. */
  readonly sumdb?: string
  readonly env?: Readonly<Record<string, string>>
}

/** Go never uses a proxy for loopback: only what would leave this machine meets the dead one. */
const DEAD_PROXY = 'http://127.0.0.1:9'

export async function openGoClient(
  t: Cleanup,
  { proxy, sumdb = 'off', env = {} }: GoClientOptions,
): Promise<GoClient> {
  const home = await tempDir(t)
  const work = join(home, 'work')
  await mkdir(work)
  const all = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    GOPATH: join(home, 'go'),
    GOCACHE: join(home, 'cache'),
    // Else nobody may remove what it downloaded.
    GOFLAGS: '-modcacherw',
    GOENV: 'off',
    GOTOOLCHAIN: 'local',
    GOPROXY: proxy,
    GOSUMDB: sumdb,
    HTTP_PROXY: DEAD_PROXY,
    HTTPS_PROXY: DEAD_PROXY,
    ...env,
  }
  const run = (...args: readonly string[]): Promise<GoRun> => runGo(args, { cwd: work, env: all })
  await run('mod', 'init', 'example.test/main')
  return { work, run }
}

async function runGo(
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<GoRun> {
  const child = spawn(findBinary('go') ?? 'go', args, { ...options, timeout: 120_000 })
  const read = async (stream: NodeJS.ReadableStream): Promise<string> => {
    let text = ''
    for await (const chunk of stream) text += String(chunk)
    return text
  }
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('error', reject)
  child.once('close', (code) => resolve(code ?? -1))
  const [out, err, code] = await Promise.all([read(child.stdout), read(child.stderr), promise])
  return { code, out, err }
}

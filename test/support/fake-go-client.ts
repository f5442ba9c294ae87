import { spawn, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
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
  /** Path of the go; the one on PATH unless given. */
  readonly program?: string | undefined
}

/** Where other versions of go are put: by distributions, by its own installers, by toolchains it fetched itself. */
const PLACES = [
  '/usr/lib/go-*/bin/go',
  '/usr/local/go*/bin/go',
  '/opt/go*/bin/go',
  join(homedir(), 'sdk/go*/bin/go'),
  join(homedir(), 'go/pkg/mod/golang.org/toolchain*/bin/go'),
]

/** The go programs of this machine beside the one on PATH, by what they call themselves ("go1.26.1"). */
export function otherGos(): ReadonlyMap<string, string> {
  const usual = findBinary('go')
  const versions = new Map<string, string>()
  for (const program of globSync(PLACES)) {
    const version = versionOf(program)
    if (version !== undefined && version !== versionOf(usual)) versions.set(version, program)
  }
  return versions
}

function versionOf(program: string | undefined): string | undefined {
  if (program === undefined) return undefined
  const { stdout } = spawnSync(program, ['version'], {
    encoding: 'utf8',
    env: { ...process.env, GOTOOLCHAIN: 'local' },
  })
  return /go version (go\S+)/.exec(stdout)?.[1]
}

/** Go never uses a proxy for loopback: only what would leave this machine meets the dead one. */
const DEAD_PROXY = 'http://127.0.0.1:9'

export async function openGoClient(
  t: Cleanup,
  { proxy, sumdb = 'off', env = {}, program = findBinary('go') ?? 'go' }: GoClientOptions,
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
  const run = (...args: readonly string[]): Promise<GoRun> => runGo(program, args, { cwd: work, env: all })
  await run('mod', 'init', 'example.test/main')
  return { work, run }
}

async function runGo(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<GoRun> {
  const child = spawn(program, args, { ...options, timeout: 120_000 })
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

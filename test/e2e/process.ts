import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stringify } from 'smol-toml'
import type { Table } from '../support/cachalot.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll } from '../support/http.ts'
import { freePort } from '../support/ports.ts'
import { eventually } from './support.ts'

const MAIN = join(import.meta.dirname, '../../src/main.ts')

/** The real program as a process of its own, to be killed. */
export interface Server {
  readonly url: string
  readonly dataDir: string
  /** Settles when the process exists; it does not serve yet. */
  launch(): Promise<void>
  /** Settles when it serves. */
  start(): Promise<void>
  /** SIGKILL. */
  kill(): Promise<void>
  /** SIGTERM; settles when it has ended in order. */
  stop(): Promise<void>
  /** Of the process that runs now; undefined when none does. */
  pid(): number | undefined
  output(): string
}

export async function createServerOn(
  folder: string,
  hub: FakeUpstream,
  {
    storage,
    jobs,
    more,
    nodeOptions = [],
  }: {
    readonly storage?: Table
    readonly jobs?: Table
    /** Further tables of the configuration. */
    readonly more?: Readonly<Record<string, Table>>
    /** Of Node itself. */
    readonly nodeOptions?: readonly string[]
  } = {},
): Promise<Server> {
  const port = await freePort()
  const file = join(folder, 'config.toml')
  const dataDir = join(folder, 'data')
  await writeFile(
    file,
    stringify({
      server: { listen: `127.0.0.1:${port}` },
      storage: { path: dataDir, min_free: '0', ...storage },
      jobs: { ...jobs },
      log: { level: 'warn', format: 'json' },
      upstream: [{ name: 'docker.io', url: hub.url, default: true }],
      ...more,
    }),
    { mode: 0o600 },
  )
  let child: ChildProcess | undefined
  let output = ''
  const url = `http://127.0.0.1:${port}`
  const launch = async (): Promise<void> => {
    const started = spawn(process.execPath, [...nodeOptions, MAIN, 'serve', '--config', file], {
      env: { PATH: '' },
    })
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    }
    child = started
    await once(started, 'spawn')
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  return {
    url,
    dataDir,
    pid: () => (child?.exitCode === null && child.signalCode === null ? child.pid : undefined),
    output: () => output,
    launch,
    start: async () => {
      await launch()
      await eventually(`it listens: ${output}`, async () => (await fetchAll(`${url}/healthz`)).status === 200)
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  }
}

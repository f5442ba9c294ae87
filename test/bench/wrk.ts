import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from './compile.ts'

/** Media types a client names when it asks for a manifest. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

export interface Paced {
  /** Answers per second. */
  readonly rate: number
  /** Milliseconds within which 99 of 100 were there. */
  readonly p99: number
}

export interface WrkAsk {
  readonly url: string
  readonly seconds: number
  /** A header of every request. */
  readonly authorization?: string
}

const CONNECTIONS = 32
const UNITS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 }
const run = promisify(execFile)

/** Asks by GET with 32 kept connections and one thread; throws when one answer was not 2xx. */
export function askSteadily({ url, seconds, authorization }: WrkAsk): Promise<Paced> {
  const login = authorization === undefined ? [] : ['-H', `Authorization: ${authorization}`]
  return runWrk(url, { seconds, more: login })
}

/** The same for the paths in `file`, one a line, in turn. */
export function askMany(url: string, file: string, seconds: number): Promise<Paced> {
  const more = ['-s', join(import.meta.dirname, 'wrk.lua')]
  return runWrk(url, { seconds, more, env: { ...process.env, WRK_PATHS: file } })
}

/** The same by HEAD, for which wrk waits for a body; `folder` takes a program. Undefined without a C compiler. */
export async function askHeads({ url, seconds }: WrkAsk, folder: string): Promise<Paced | undefined> {
  const program = compile('heads', folder)
  if (program === undefined) return undefined
  const { port, pathname } = new URL(url)
  const args = [port, String(CONNECTIONS), String(seconds), pathname]
  const { stdout } = await run(program, args, { timeout: (seconds + 30) * 1000 })
  // Printed by heads.c.
  return JSON.parse(stdout) as Paced
}

/** Answers per second to GET. */
export async function requestsPerSecond(url: string, seconds: number): Promise<number> {
  return (await askSteadily({ url, seconds })).rate
}

interface Way {
  readonly seconds: number
  readonly more: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

async function runWrk(url: string, { seconds, more, env }: Way): Promise<Paced> {
  // It only knows whole seconds, but ends early when it is asked to.
  const load = ['-t1', `-c${CONNECTIONS}`, `-d${Math.ceil(seconds)}s`, '--latency']
  const args = [...load, '-H', `Accept: ${MANIFEST_TYPES}`, ...more, url]
  const running = run('wrk', args, { timeout: (seconds + 30) * 1000, env })
  if (seconds < 1) setTimeout(() => running.child.kill('SIGINT'), seconds * 1000)
  const { stdout } = await running
  const trouble = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0]
  if (trouble !== undefined) throw new Error(`${url}: ${trouble}`)
  const late = /\s99%\s+([\d.]+)(us|ms|s)/.exec(stdout)
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    p99: Number(late?.[1]) * (UNITS[late?.[2] ?? ''] ?? Number.NaN),
  }
}

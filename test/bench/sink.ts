import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { compile } from './compile.ts'

export interface SinkJob {
  /** Base URL of the subject, on loopback. */
  readonly url: string
  /** Connection i reads path i modulo their number; with `queue`, each takes the next one that nobody took yet. */
  readonly paths: readonly string[]
  readonly connections: number
  readonly queue?: true
  /** How often each connection reads its path; default 1. */
  readonly repeats?: number
  /** Bytes per second of each connection; default as fast as it goes. */
  readonly rate?: number
  /** Stop after that long, complete or not; default when everything is read. */
  readonly seconds?: number
}

export interface SinkResult {
  readonly bytes: number
  readonly seconds: number
  /** Slowest first body byte of a connection, from before its connect. */
  readonly firstByteMs: number
}

/** Reads bodies and throws them away. */
export interface Sink {
  /** Undefined when it is the cheap one; else what to tell the reader of the numbers. */
  readonly warning: string | undefined
  /** Throws when a connection fails, is cut, or is answered with anything but 200. */
  run(job: SinkJob): Promise<SinkResult>
}

/** Compiles sink.c into `folder`; without a C compiler bodies are read by a slower client in Node. */
export function createSink(folder: string): Sink {
  const compiled = compile('sink', folder)
  const command =
    compiled === undefined ? [process.execPath, join(import.meta.dirname, 'sink-node.ts')] : [compiled]
  return {
    warning:
      compiled === undefined
        ? 'no C compiler: bodies are read by a client in Node, which costs speed itself'
        : undefined,
    run: (job) => runSink(command, job),
  }
}

async function runSink([command = '', ...first]: string[], job: SinkJob): Promise<SinkResult> {
  const numbers = [
    new URL(job.url).port,
    job.connections,
    job.queue ? 0 : (job.repeats ?? 1),
    job.rate ?? 0,
    job.seconds ?? 0,
  ]
  const args = [...first, ...numbers.map(String), ...job.paths]
  const { stdout } = await promisify(execFile)(command, args, { timeout: 300_000 })
  // Printed by sink.c or sink-node.ts.
  return JSON.parse(stdout) as SinkResult
}

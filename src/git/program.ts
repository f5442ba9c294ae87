import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { KIB, MIB } from '../domain/units.ts'
import { type EnvironmentOptions, environmentOf } from './environment.ts'

export interface RunOptions extends EnvironmentOptions {
  /** Given to its standard input. */
  readonly input?: Buffer | string
  /** Ends it. */
  readonly signal?: AbortSignal
}

export interface GitEnd {
  /** undefined when a signal ended it. */
  readonly code: number | undefined
  readonly out: Buffer
  /** The last of what it complained of. */
  readonly said: string
}

/** A running git. */
export interface GitProcess {
  readonly child: ChildProcessWithoutNullStreams
  /** Its end with what it complained of, once its outputs are closed. Rejects where it cannot be started. */
  readonly ended: Promise<Omit<GitEnd, 'out'>>
  /** Ends it and all it started. */
  kill(): void
}

/** The system's git, always started without a shell and with an environment of its own. */
export interface Program {
  start(args: readonly string[], options?: EnvironmentOptions): GitProcess
  /** Runs it to its end. Rejects where it cannot be started or says more than 64 MiB. */
  run(args: readonly string[], options?: RunOptions): Promise<GitEnd>
}

const MOST_OUTPUT = 64 * MIB
const MOST_SAID = 4 * KIB

export function createProgram(file: () => string): Program {
  const start: Program['start'] = (args, options) => {
    const child = spawn(file(), args, {
      cwd: '/',
      env: environmentOf(options),
      stdio: 'pipe',
      detached: true,
      shell: false,
    })
    // Who reads no more breaks the pipe; that is no news.
    child.stdin.on('error', () => undefined)
    const kill = (): void => signalGroup(child.pid)
    const said = collect(child)
    const ended = new Promise<Omit<GitEnd, 'out'>>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code: code ?? undefined, said: said() }))
    })
    ended.catch(() => undefined)
    return { child, ended, kill }
  }

  const run: Program['run'] = async (args, { input, signal, ...options } = {}) => {
    signal?.throwIfAborted()
    const { child, ended, kill } = start(args, options)
    const chunks: Buffer[] = []
    let size = 0
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size <= MOST_OUTPUT) chunks.push(chunk)
      else kill()
    })
    child.stdin.end(input ?? '')
    signal?.addEventListener('abort', kill)
    try {
      const end = await ended
      signal?.throwIfAborted()
      if (size > MOST_OUTPUT) throw new Error('git said too much')
      return { ...end, out: Buffer.concat(chunks) }
    } finally {
      signal?.removeEventListener('abort', kill)
    }
  }
  return { start, run }
}

function collect({ stderr }: ChildProcessWithoutNullStreams): () => string {
  let text = ''
  stderr.setEncoding('utf8')
  stderr.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MOST_SAID)
  })
  return () => text.trim()
}

function signalGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}

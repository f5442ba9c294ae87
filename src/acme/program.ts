import { type ChildProcess, spawn } from 'node:child_process'
import { MINUTE, SECOND } from '../domain/clock.ts'
import { MOST_OUTPUT } from './said.ts'

export interface ProgramOptions {
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Record<string, string>
  /** Ends it. */
  readonly signal: AbortSignal
  /** Milliseconds until it is ended; ten minutes. */
  readonly timeout?: number | undefined
}

export interface ProgramEnd {
  /** undefined when a signal ended it. */
  readonly code: number | undefined
  /** The last 64 KiB of what it wrote to either output. */
  readonly output: string
  readonly timedOut: boolean
}

const LONGEST = 10 * MINUTE
const KILL_AFTER = 5 * SECOND

/**
 * Runs a program to its end, without a shell and without input. It gets a process group of its own, so that what it
 * started ends with it. Rejects where it cannot be started.
 */
export async function runProgram(file: string, options: ProgramOptions): Promise<ProgramEnd> {
  const { args, cwd, env, signal, timeout = LONGEST } = options
  signal.throwIfAborted()
  const child = spawn(file, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    shell: false,
  })
  const output = collect(child)
  let timedOut = false
  let kill: NodeJS.Timeout | undefined
  const stop = (): void => {
    signalGroup(child, 'SIGTERM')
    kill = setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER)
  }
  const timer = setTimeout(() => {
    timedOut = true
    stop()
  }, timeout)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return { code: await endOf(child), output: output(), timedOut }
  } finally {
    signal.removeEventListener('abort', stop)
    clearTimeout(timer)
    if (kill !== undefined) clearTimeout(kill)
  }
}

/** Its end and that of its outputs; what a grandchild keeps open is closed soon after. */
function endOf(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', () => {
      signalGroup(child, 'SIGKILL')
      setTimeout(() => closeOutputs(child), SECOND).unref()
    })
    child.once('close', (code) => resolve(code ?? undefined))
  })
}

function closeOutputs({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy()
  stderr?.destroy()
}

function collect({ stdout, stderr }: ChildProcess): () => string {
  let text = ''
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding('utf8')
    stream?.on('data', (chunk: string) => {
      text = (text + chunk).slice(-MOST_OUTPUT)
    })
  }
  return () => text
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal)
  } catch {
    // The group is gone already.
  }
}

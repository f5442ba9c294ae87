import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Running {
  readonly child: ChildProcess
  /** What it printed so far, both streams. */
  text(): string
  /** Settles when the pattern was printed; rejects when the program ended before. */
  seen(pattern: RegExp): Promise<RegExpExecArray>
  ended: Promise<Ended>
}

/** Starts the program as a person would; it is killed after the test at the latest. */
export function start(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...cleanEnvironment(), ...env } })
  const outputs = { out: '', err: '' }
  const watchers = new Set<() => void>()
  const collect = (stream: 'out' | 'err') => (chunk: Buffer) => {
    outputs[stream] += chunk.toString('utf8')
    for (const watch of watchers) watch()
  }
  child.stdout.on('data', collect('out'))
  child.stderr.on('data', collect('err'))
  const ended = once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...outputs }))
  t.after(() => {
    child.kill('SIGKILL')
  })
  const text = (): string => outputs.out + outputs.err
  const seen = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(text())
        if (found === null) return
        watchers.delete(look)
        resolve(found)
      }
      watchers.add(look)
      look()
      void ended.then(() => reject(new Error(`ended without ${String(pattern)}: ${text()}`)))
    })
  return { child, text, seen, ended }
}

export function run(t: TestContext, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return start(t, args, env).ended
}

/** Settings of whoever runs the tests must not reach the program under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CACHALOT_')))
}

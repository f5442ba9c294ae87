import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { runCommand } from '../../src/cli/commands.ts'
import { systemClock } from '../../src/domain/clock.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** The command line in this process, beside a running cache. */
export interface Console {
  /** As a program calls it. */
  run(...args: string[]): Promise<Ended>
  /** The same for what must end with 0; what it printed. */
  ok(...args: string[]): Promise<string>
  json<T>(...args: string[]): Promise<T>
  /** As a person sees it, on a terminal of 80 columns, who answers questions with yes. */
  seen(...args: string[]): Promise<Ended>
}

export async function openConsole(t: Cleanup, cache: Cachalot): Promise<Console> {
  const file = join(await tempDir(t), 'config.toml')
  writeFileSync(file, `[storage]\npath = ${JSON.stringify(cache.dataDir)}\nmin_free = "0"\n`)

  // Every command hears of the end of its reader, and here they all have the same.
  process.stdout.setMaxListeners(0)

  const start = async (args: readonly string[], columns: number | undefined): Promise<Ended> => {
    const said = { out: '', err: '' }
    const output = (name: 'out' | 'err') => ({
      ...(columns === undefined ? {} : { isTTY: true, columns }),
      write: (text: string) => void (said[name] += text),
    })
    const stdin = Object.assign(new PassThrough(), { isTTY: columns !== undefined })
    stdin.end('y\n')
    const env = { LANG: 'C.UTF-8', TERM: 'xterm', ...(columns === undefined ? {} : { NO_COLOR: '1' }) }
    const world = { stdout: output('out'), stderr: output('err'), stdin, env, clock: systemClock }
    const code = await runCommand([...args, '--config', file], world)
    return { code, ...said }
  }

  const ok: Console['ok'] = async (...args) => {
    const { code, out, err } = await start(args, undefined)
    assert.equal(code, 0, `${args.join(' ')}: ${err}${out}`)
    return out
  }

  return {
    run: (...args) => start(args, undefined),
    ok,
    // The caller knows the shape of what it asked for.
    json: async <T>(...args: string[]) => JSON.parse(await ok(...args, '--json')) as T,
    seen: (...args) => start(args, 80),
  }
}

import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../domain/errors.ts'
import { BUSY } from './folders.ts'
import type { Program } from './program.ts'
import type { Relay } from './relay.ts'
import type { Budget } from './room.ts'
import { createGrowth } from './room.ts'
import type { Source } from './source.ts'

export interface FetchOptions {
  readonly source: Source
  readonly folder: string
  /** Undefined: all branches and tags, and what is gone there goes here. */
  readonly objects?: readonly string[]
  /** Bytes that may come; 0 = no limit. */
  readonly most: number
  readonly signal: AbortSignal
}

const ALL_REFS = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*']

/**
 * Runs `git fetch` through the relay. Rejects with NoRoom, with the AppError of its upstream, or with an Error that holds
 * what git said.
 */
export async function runFetch(
  { program, relay, budget }: { program: Program; relay: Relay; budget: Budget },
  { source, folder, objects, most, signal }: FetchOptions,
): Promise<void> {
  const growth = await createGrowth(budget, most)
  const stop = new AbortController()
  const all = AbortSignal.any([signal, stop.signal])
  try {
    await writeFile(join(folder, BUSY), '')
    const receive = (bytes: number): Promise<void> => growth.take(bytes)
    const way = await relay.open({ source, receive, signal: all })
    try {
      // What is kept by its name alone has a ref that hides it from nobody but lists, so that it is not thrown away.
      const refspecs = objects?.map((oid) => `${oid}:refs/keep/${oid}`)
      const args = [...FETCH, ...(refspecs === undefined ? ['--prune'] : []), '--', way.url]
      const end = await program.run([`--git-dir=${folder}`, ...args, ...(refspecs ?? ALL_REFS)], {
        header: way.header,
        signal,
      })
      const trouble = way.trouble()
      if (trouble !== undefined) throw trouble
      if (end.code !== 0) throw new FetchFailed(end.said)
      await rm(join(folder, BUSY), { force: true })
    } finally {
      way.close()
    }
  } catch (error) {
    stop.abort()
    signal.throwIfAborted()
    throw error
  } finally {
    growth.release()
  }
}

const FETCH = [
  'fetch',
  '--quiet',
  '--force',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
  '--no-recurse-submodules',
  '--no-show-forced-updates',
]

/** git ended in an error that its upstream did not cause. */
export class FetchFailed extends AppError {
  constructor(said: string) {
    super('internal', { message: 'git could not fetch', cause: new Error(said) })
  }
}

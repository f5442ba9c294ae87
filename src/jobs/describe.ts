import { setTimeout as sleep } from 'node:timers/promises'
import { isTrouble } from '../cache/trouble.ts'
import type { Description } from '../db/descriptions.ts'
import type { Index } from '../db/index.ts'
import { digestOf, type Sha256 } from '../domain/digest.ts'
import { KIB } from '../domain/units.ts'
import { peekJson } from '../store/peek.ts'
import type { Store } from '../store/store.ts'

/** Rows that are looked at in one go: some milliseconds. */
const BATCH = 64
/** Larger content is looked at by nobody (migration 0008 has the same number). */
const LARGEST = 256 * KIB
/** Index -> manifest -> config, and one level more for whoever nests them. */
const LEVELS = 3
/** A long backlog takes a fifth of the time, pulls have the rest. */
const REST = 4

/** Keeps up with what landed: reads when images were made and for what, so that lists can be sorted by it. */
export interface Describer {
  /** Works until nothing is left, with pauses. Call it now and then. */
  run(): Promise<void>
  /** What landed lately, for somebody who is about to look; a long backlog is not waited for. */
  soon(): Promise<void>
  /** Ends the work; nothing of it reaches the index afterwards. */
  stop(): Promise<void>
}

export function createDescriber(deps: {
  readonly index: Index
  readonly store: Store
  readonly isOwner: () => boolean
  /** What the bytes of a config say; undefined for other content. */
  readonly read: (bytes: Buffer) => Description | undefined
}): Describer {
  const { index, store, isOwner } = deps
  const stopping = new AbortController()
  const isStopped = (): boolean => stopping.signal.aborted
  let isLong = false
  let running: Promise<void> | undefined

  const describe = async (digest: Sha256): Promise<readonly [Sha256, Description | undefined]> => {
    const bytes = await peekJson(store.layout, digest, LARGEST)
    const isRight = bytes !== undefined && digestOf(bytes) === digest
    return [digest, isRight ? deps.read(bytes) : undefined]
  }

  /** Whether there was anything to do. */
  const step = async (): Promise<boolean> => {
    if (isStopped() || !isOwner()) return false
    const { leaves, isMore } = index.descriptions.waiting(BATCH)
    if (!isMore) return false
    const found = await Promise.all(leaves.map(describe))
    if (isStopped()) return false
    await index.transact(() => {
      for (const [digest, description] of found) index.descriptions.put(digest, description)
      for (let level = 0; level < LEVELS; level++) index.descriptions.pass(BATCH)
    })
    return true
  }

  const work = async (): Promise<void> => {
    try {
      for (;;) {
        const began = performance.now()
        if (!(await step())) return
        isLong = index.descriptions.waiting(1).isMore
        if (isLong) await sleep((performance.now() - began) * REST, undefined, { signal: stopping.signal })
      }
    } finally {
      isLong = false
    }
  }

  /** A disk or index that fails now will be asked again. */
  const unlessTrouble = async (doing: Promise<void>): Promise<void> => {
    try {
      await doing
    } catch (error) {
      if (!isTrouble(error) && !isStopped()) throw error
    }
  }

  const few = async (): Promise<void> => {
    for (let i = 0; i < LEVELS && (await step()); i++);
  }

  return {
    run: () => {
      running ??= unlessTrouble(work()).finally(() => {
        running = undefined
      })
      return running
    },
    soon: async () => {
      if (!isLong) await unlessTrouble(few())
    },
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}

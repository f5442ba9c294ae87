import { join } from 'node:path'
import type { ImageName } from '../../../src/db/accounts/removal.ts'
import type { ListAsk } from '../../../src/db/accounts/rows.ts'
import type { Clerk } from '../../../src/db/clerk.ts'
import { type Index, openIndex } from '../../../src/db/index.ts'
import { DAY } from '../../../src/domain/clock.ts'
import type { Condition } from '../../../src/domain/condition.ts'
import { MIB } from '../../../src/domain/units.ts'
import { layoutOf } from '../../../src/store/layout.ts'

const MIGRATIONS = join(import.meta.dirname, '../../../migrations')
const ASKED = 100
const REMOVED = 100
const DEEP_PAGES = 200

/** Milliseconds, as the thread that serves requests waits for them. */
export interface QuestionTimes {
  readonly firstList: number
  /** 95 of 100 lists took no longer. */
  readonly list: number
  readonly listFiltered: number
  readonly listDeep: number
  readonly removal: number
}

/** Asks the index of a data folder what people and jobs ask. `now` is the time of its latest use. */
export async function timeQuestions(root: string, now: number): Promise<QuestionTimes> {
  const { index: file } = layoutOf(root)
  const index = openIndex(file, MIGRATIONS)
  try {
    const { clerk } = index
    const firstList = await timed(() => clerk.ask('images', {}))
    const cursor = await deepCursor(clerk)
    return {
      firstList,
      list: await p95(() => clerk.ask('images', { sort: '-onlyHere' })),
      listFiltered: await p95((asked) => clerk.ask('images', filterOf(asked, now))),
      listDeep: await p95(() => clerk.ask('images', { sort: '-onlyHere', ...cursor })),
      removal: await timeRemoval(index),
    }
  } finally {
    await index.close()
  }
}

const ORDERS = ['-onlyHere', '-total', 'lastUsed', '-pulls', 'name']
const GLOBS = ['docker.io/**:v*', 'ghcr.io/**', '**/app-1*', '*.io/team-2*/**:alias-*', '**:v1?3*']

/** No two alike: an answer that was kept tells nothing. */
function filterOf(asked: number, now: number): ListAsk {
  const conditions: Condition[] = [
    { kind: 'name', glob: GLOBS[asked % GLOBS.length] ?? '' },
    { kind: 'idle', before: now - (asked + 1) * DAY },
    { kind: 'larger', of: asked % 2 === 0 ? 'total' : 'onlyHere', bytes: asked * MIB },
    { kind: asked % 3 === 0 ? 'untagged' : 'complete', not: asked % 2 === 0 },
  ]
  return { sort: ORDERS[asked % ORDERS.length] ?? '', conditions: conditions.slice(0, 1 + (asked % 4)) }
}

async function timed(ask: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await ask()
  return performance.now() - began
}

async function p95(ask: (asked: number) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < ASKED; i++) times.push(await timed(() => ask(i)))
  return times.toSorted((a, b) => a - b)[Math.floor(ASKED * 0.95)] ?? Number.NaN
}

async function deepCursor(clerk: Clerk): Promise<ListAsk> {
  let ask: ListAsk = {}
  for (let page = 0; page < DEEP_PAGES; page++) {
    const { nextCursor } = await clerk.ask('images', { sort: '-onlyHere', limit: 500, ...ask })
    if (nextCursor === undefined) return ask
    ask = { cursor: nextCursor }
  }
  return ask
}

/** Of images that were not used for longest. */
async function timeRemoval({ clerk }: Index): Promise<number> {
  const { items } = await clerk.ask('images', { sort: 'lastUsed', limit: REMOVED })
  const images: ImageName[] = items.map(({ upstream, repository, digest }) => ({
    upstream,
    repository,
    digest,
  }))
  return await timed(() => clerk.ask('removal', { images }))
}

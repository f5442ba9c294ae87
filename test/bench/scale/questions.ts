import { join } from 'node:path'
import type { ImageName } from '../../../src/db/accounts/removal.ts'
import type { ListAsk } from '../../../src/db/accounts/rows.ts'
import type { Clerk } from '../../../src/db/clerk.ts'
import { type Index, openIndex } from '../../../src/db/index.ts'
import { DAY } from '../../../src/domain/clock.ts'
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
  readonly strays: number
  readonly removal: number
}

/** Asks the index of a data folder what people and jobs ask. `now` is the time of its latest use. */
export async function timeQuestions(root: string, now: number): Promise<QuestionTimes> {
  const { index: file, blobs } = layoutOf(root)
  const index = openIndex(file, MIGRATIONS)
  try {
    const { clerk } = index
    const firstList = await timed(() => clerk.ask('images', {}))
    // Each a little different, as time goes on between them: an answer that was kept tells nothing.
    const filter = (asked: number): ListAsk => ({
      sort: '-onlyHere',
      conditions: [
        { kind: 'name', glob: 'docker.io/**:v*' },
        { kind: 'idle', before: now - 30 * DAY + asked },
        { kind: 'larger', of: 'total', bytes: 100 * MIB },
      ],
    })
    const cursor = await deepCursor(clerk)
    return {
      firstList,
      list: await p95(() => clerk.ask('images', { sort: '-onlyHere' })),
      listFiltered: await p95((asked) => clerk.ask('images', filter(asked))),
      listDeep: await p95(() => clerk.ask('images', { sort: '-onlyHere', ...cursor })),
      strays: await timed(() => clerk.ask('strays', { blobs })),
      removal: await timeRemoval(index),
    }
  } finally {
    await index.close()
  }
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

import { because } from '../../domain/reasons.ts'
import type { Looked } from '../../domain/warming.ts'
import type { Watch } from '../watch.ts'
import { whyOf } from './leave.ts'
import { MOST_IMAGES } from './names.ts'
import {
  MOST_ROWS,
  MOST_WAITING,
  type PrefetchImage,
  type PrefetchReport,
  type PrefetchWhy,
} from './report.ts'

type Sums = Pick<
  PrefetchReport,
  'images' | 'fetched' | 'unchanged' | 'left' | 'failed' | 'waiting' | 'bytes' | 'pulls'
>

/** What becomes of the images of a run, told as it goes. */
export interface Tally {
  expect(images: number): void
  /** An image that is looked at or fetched from now on. */
  begin(name: string): void
  pulled(this: void): void
  took(this: void, bytes: number): void
  add(row: PrefetchImage): void
  /** Names that are too many for one run; one row tells of all of them. */
  beyond(names: readonly string[]): void
  same(name: string): void
  due(name: string, looked: Looked): void
  fetched(name: string): void
  leave(name: string, why: PrefetchWhy): void
  fail(name: string, why: PrefetchWhy): void
  sums(isWhole: boolean): Sums
}

export function createTally(watch: Pick<Watch, 'progress'>): Tally {
  const rows: PrefetchImage[] = []
  let total = 0
  let subject = ''
  let further: readonly string[] = []
  let all = { bytes: 0, pulls: 0 }
  /** Of the image it is at. */
  let own = { bytes: 0, pulls: 0 }
  const tell = (): void =>
    watch.progress({ subject, done: rows.length, total, bytes: all.bytes, bytesTotal: 0 })
  const add = (row: PrefetchImage): void => {
    rows.push(row)
    tell()
  }
  const count = (state: PrefetchImage['state']): number => rows.filter((row) => row.state === state).length

  return {
    expect: (images) => {
      total = images
    },
    begin: (name) => {
      subject = name
      own = { bytes: 0, pulls: 0 }
    },
    pulled: () => {
      own.pulls++
      all.pulls++
    },
    took: (bytes) => {
      own.bytes += bytes
      all.bytes += bytes
      tell()
    },
    add,
    beyond: ([name, ...others]) => {
      further = others
      const why = because('prefetch_long', { most: MOST_IMAGES, more: others.length })
      if (name !== undefined)
        add({ name, state: 'left', pulls: 0, bytes: undefined, why: whyOf('left', why) })
    },
    same: (name) => add({ name, state: 'unchanged', pulls: 0, bytes: 0 }),
    due: (name, { pulls, bytes }) => {
      all = { pulls: all.pulls + pulls, bytes: all.bytes + (bytes ?? 0) }
      add({ name, state: 'due', pulls, bytes })
    },
    fetched: (name) => add({ name, state: 'fetched', ...own }),
    leave: (name, why) => add({ name, state: 'left', pulls: own.pulls, bytes: own.bytes, why }),
    fail: (name, why) => add({ name, state: 'failed', pulls: own.pulls, bytes: own.bytes, why }),
    sums: (isWhole) => ({
      images: isWhole ? rows : rows.filter(({ state }) => state !== 'unchanged').slice(0, MOST_ROWS),
      fetched: count('fetched') + count('due'),
      unchanged: count('unchanged'),
      left: count('left') + further.length,
      failed: count('failed'),
      waiting: [...rows.filter(({ state }) => state === 'left').map(({ name }) => name), ...further].slice(
        0,
        MOST_WAITING,
      ),
      ...all,
    }),
  }
}

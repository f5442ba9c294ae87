import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { pick, type Random } from '../e2e/kill-random.ts'
import { digestOf } from '../e2e/support.ts'
import { fetchAll, openStream } from '../support/http.ts'
import type { Good } from './goods.ts'
import { MOST_CORRUPT } from './weather.ts'

/** What was done to its end, and what was not. */
export interface Tally {
  whole: number
  ranges: number
  heads: number
  left: number
  slow: number
  /** Ranges of a running download with the byte that the upstream got wrong: those are not held back. */
  unproven: number
  refused: number
  cut: number
  bytes: number
}

export const newTally = (): Tally => ({
  whole: 0,
  ranges: 0,
  heads: 0,
  left: 0,
  slow: 0,
  unproven: 0,
  refused: 0,
  cut: 0,
  bytes: 0,
})

export interface ClientDeps {
  readonly url: string
  readonly goods: readonly Good[]
  readonly random: Random
  readonly tally: Tally
}

type Visit = (deps: ClientDeps, good: Good) => Promise<void>

/** All of it, once; what is complete has to be right. */
export const whole: Visit = async ({ url, tally }, good) => {
  const answer = await fetchAll(url + good.path)
  if (answer.status !== 200) {
    tally.refused++
    return
  }
  if (!answer.complete) {
    tally.cut++
    return
  }
  assert.equal(answer.body.length, good.size, good.path)
  assert.equal(digestOf(answer.body), good.digest, good.path)
  tally.whole++
  tally.bytes += good.size
}

/**
 * A piece from somewhere: every byte of it has to be right, also of one that was cut. While a download runs nobody knows
 * what its upstream got wrong (`cache.verified_ranges`), so there that byte may be in it, and nothing else.
 */
const range: Visit = async ({ url, random, tally }, good) => {
  const start = Math.floor(random() * good.size)
  const end = Math.min(good.size, start + 1 + Math.floor(random() * good.size))
  const answer = await fetchAll(url + good.path, { headers: { range: `bytes=${start}-${end - 1}` } })
  if (answer.status !== 206 && answer.status !== 200) {
    tally.refused++
    return
  }
  const from = answer.status === 206 ? start : 0
  const right = good.slice(from, from + answer.body.length)
  if (answer.headers['x-cache'] !== 'hit' && isCorrupted(answer.body, { right, from, of: good.size })) {
    tally.unproven++
    return
  }
  assert.ok(answer.body.equals(right), `${good.path} from ${from}, ${answer.body.length} bytes`)
  if (!answer.complete) {
    tally.cut++
    return
  }
  assert.equal(answer.body.length, answer.status === 206 ? end - start : good.size)
  tally.ranges++
  tally.bytes += answer.body.length
}

/** Whether exactly one byte is wrong, in the way and at the place where `corruptAt` of the weather puts it. */
function isCorrupted(
  body: Buffer,
  { right, from, of }: { readonly right: Buffer; readonly from: number; readonly of: number },
): boolean {
  if (body.length !== right.length) return false
  const wrong = [...right.keys()].filter((at) => body[at] !== right[at])
  const [at] = wrong
  if (at === undefined || wrong.length > 1) return false
  const isPlace = from + at < MOST_CORRUPT || from + at === of - 1
  return isPlace && ((body[at] ?? 0) ^ (right[at] ?? 0)) === 0xff
}

const head: Visit = async ({ url, tally }, good) => {
  const answer = await fetchAll(url + good.path, { method: 'HEAD' })
  if (answer.status !== 200) {
    tally.refused++
    return
  }
  const { 'content-length': length } = answer.headers
  // Where the upstream does not say how long it is, nobody knows.
  if (length !== undefined) assert.equal(length, String(good.size), good.path)
  tally.heads++
}

/** Leaves somewhere in the middle. */
const leave: Visit = async ({ url, random, tally }, good) => {
  const stream = await openStream(url + good.path).catch(() => undefined)
  if (stream === undefined) {
    tally.refused++
    return
  }
  await stream.read(Math.floor(random() * good.size))
  stream.destroy()
  tally.left++
}

/** Reads a little at a time, and the rest at once in the end. */
const slow: Visit = async ({ url, random, tally }, good) => {
  const stream = await openStream(url + good.path).catch(() => undefined)
  if (stream === undefined) {
    tally.refused++
    return
  }
  for (let i = 0; i < 8; i++) {
    await stream.read(Math.ceil(good.size / 40))
    await sleep(20 + random() * 80)
  }
  const { complete, bytes, digest } = await stream.rest()
  if (stream.status !== 200) {
    tally.refused++
    return
  }
  if (!complete) {
    tally.cut++
    return
  }
  assert.equal(bytes, good.size, good.path)
  assert.equal(digest, good.digest, good.path)
  tally.slow++
  tally.bytes += bytes
}

/** Each as often as it stands here. */
const VISITS: readonly Visit[] = [whole, whole, whole, whole, range, range, head, leave, slow]

/** One client that goes on until it is told to stop; some goods are asked for much more often than others. */
export async function wander(deps: ClientDeps, signal: AbortSignal): Promise<void> {
  const { goods, random, tally } = deps
  const popular = goods.slice(0, Math.ceil(goods.length / 10))
  while (!signal.aborted) {
    const { refused } = tally
    await pick(random, VISITS)(deps, pick(random, random() < 0.5 ? popular : goods))
    // Nobody asks a server that is not there as fast as possible.
    if (tally.refused > refused) await sleep(10)
  }
}

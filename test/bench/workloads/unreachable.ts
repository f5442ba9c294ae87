import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../ask.ts'
import { type Bench, type Row, type Workload, warm, withSubjects } from '../bench.ts'
import { openBlackHole } from '../black-hole.ts'
import { startRelay } from '../relay.ts'
import type { Subject } from '../subjects.ts'
import { manifestPath } from '../upstream.ts'

const TAG_TTL_SECONDS = 1

/** Nobody waits longer for a tag; a value of this size means "no answer by then". */
const PATIENCE_MS = 35_000

const ROWS: readonly Row[] = [
  {
    id: 'unreachable-first',
    title: 'warm tag past its age, upstream swallows packets: first answer',
    unit: 'ms',
    better: 'less',
    bounds: [{ must: 1000, aim: 250 }],
  },
  {
    id: 'unreachable-later',
    title: '  slowest of the next five',
    unit: 'ms',
    better: 'less',
    bounds: [{ must: 20, aim: 5 }],
  },
]

/** A tag that is cached but due for a check with an upstream that answers nothing at all. */
export const unreachable: Workload = {
  name: 'unreachable',
  rows: ROWS,
  async run(bench) {
    for (let round = 0; round < bench.rounds; round++) await playRound(bench, round)
  },
}

/** docker-registry takes half a minute for each answer and nginx what its user configured: one round, or none. */
function taking(bench: Bench, round: number): Bench {
  const launchers = bench.launchers.filter(
    ({ name }) => name === 'cachalot' || (name === 'docker-registry' && round === 0 && bench.size === 'full'),
  )
  return { ...bench, launchers }
}

async function playRound(bench: Bench, round: number): Promise<void> {
  const relay = await startRelay(bench.upstream.port, 0)
  let reopen: (() => Promise<void>) | undefined
  const play = async (subjects: Subject[]) => {
    for (const subject of subjects) await warm(bench, subject, manifestPath('latest'))
    await sleep(TAG_TTL_SECONDS * 1000 + 100)
    await relay.close()
    reopen = await openBlackHole(Number(new URL(relay.url).port))
    await Promise.all(subjects.map((subject) => measure(bench, subject, round)))
  }
  const setting = { upstreamUrl: relay.url, tagTtlSeconds: TAG_TTL_SECONDS }
  try {
    await withSubjects(taking(bench, round), play, setting)
  } finally {
    await reopen?.()
  }
}

async function measure(bench: Bench, subject: Subject, round: number): Promise<void> {
  const first = await answerMs(subject)
  bench.results.record('unreachable-first', { subject: subject.name, round, value: first })
  let slowest = 0
  const later = subject.name === 'cachalot' ? 5 : 1
  for (let i = 0; i < later; i++) slowest = Math.max(slowest, await answerMs(subject))
  bench.results.record('unreachable-later', { subject: subject.name, round, value: slowest })
}

async function answerMs({ url }: Subject): Promise<number> {
  const asked = performance.now()
  const answer = await ask(url + manifestPath('latest'), { within: PATIENCE_MS }).catch(() => undefined)
  return answer?.status === 200 ? performance.now() - asked : PATIENCE_MS
}

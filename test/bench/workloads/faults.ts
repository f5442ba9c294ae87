import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../ask.ts'
import { type Bench, eachRound, type Row, type Workload, warm, withSubjects } from '../bench.ts'
import { type Relay, startRelay } from '../relay.ts'
import type { Subject } from '../subjects.ts'
import { manifestPath } from '../upstream.ts'

const TAG_TTL_SECONDS = 1
/** At most: each begins with a new server and waits until its tag is due. */
const ROUNDS = 3

const FAULTS = [
  { id: 'refused', title: 'upstream refuses connections' },
  { id: '429', title: 'upstream answers 429' },
  { id: '500', title: 'upstream answers 500' },
] as const

type Fault = (typeof FAULTS)[number]['id']

/** A warm tag past its age while its upstream fails at once. */
export const faults: Workload = {
  name: 'faults',
  rows: FAULTS.flatMap(({ id, title }) => [
    rowOf(`fault-${id}`, `warm tag past its age, ${title}: first answer`),
    rowOf(`fault-${id}-later`, '  the next one'),
  ]),
  async run(bench) {
    // nginx does what its user wrote: what to serve stale, and when.
    const launchers = bench.launchers.filter(({ name }) => name !== 'nginx')
    const rounds = Math.min(bench.rounds, ROUNDS)
    for (const { id } of FAULTS) {
      await eachRound({ ...bench, rounds }, launchers, async (launcher, round) => {
        const relay = await startRelay(bench.upstream.port, 0)
        const one = { ...bench, launchers: [launcher] }
        const play = async ([subject]: readonly Subject[]): Promise<void> => {
          if (subject !== undefined) await measure(bench, subject, { fault: id, round, relay })
        }
        try {
          await withSubjects(one, play, { upstreamUrl: relay.url, tagTtlSeconds: TAG_TTL_SECONDS })
        } finally {
          await bench.upstream.fail(0)
          await relay.close()
        }
      })
    }
  },
}

function rowOf(id: string, title: string): Row {
  return { id, title, unit: 'ms', better: 'less', bounds: [{ must: 20, aim: 5 }] }
}

interface Scene {
  readonly fault: Fault
  readonly round: number
  readonly relay: Relay
}

async function measure(bench: Bench, subject: Subject, { fault, round, relay }: Scene): Promise<void> {
  const path = manifestPath(bench.upstream.image.tag)
  await warm(bench, subject, path)
  await sleep(TAG_TTL_SECONDS * 1000 + 100)
  if (fault === 'refused') await relay.close()
  else await bench.upstream.fail(Number(fault))
  for (const row of [`fault-${fault}`, `fault-${fault}-later`]) {
    const { status, digest, firstByteMs } = await ask(subject.url + path)
    const isRight = status === 200 && digest === bench.upstream.image.manifest
    if (isRight) bench.results.record(row, { subject: subject.name, round, value: firstByteMs })
    // Others may pass the fault on; an answer that is no pull has no time in the table.
    else if (subject.name === 'cachalot') throw new Error(`${fault}: answered ${status}`)
  }
}

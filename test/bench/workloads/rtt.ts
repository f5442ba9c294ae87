import { Agent } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { MIB } from '../../../src/domain/units.ts'
import { type Answer, ask } from '../ask.ts'
import {
  type Bench,
  type Bound,
  inTurn,
  type Row,
  sized,
  type Workload,
  withSubjects,
  wrongBytes,
} from '../bench.ts'
import { startRelay } from '../relay.ts'
import type { Subject } from '../subjects.ts'
import { type BenchImage, blobPath, manifestPath } from '../upstream.ts'

const RTT = 150
const LAYERS = 5

const row = (id: string, title: string, bounds: readonly Bound[]): Row => ({
  id: `rtt-${id}`,
  title,
  unit: 'ms',
  better: 'less',
  bounds,
})

const REGISTRY: Bound = { against: 'docker-registry', aim: 0.5 }

/** What a client waits for while its upstream is 150 ms away. Each round begins with empty caches and no connection. */
export const rtt: Workload = {
  name: 'rtt',
  rows: [
    row('cold-tag', `upstream ${RTT} ms away: cold tag, no connection yet`, [{ must: 2.3 * RTT }]),
    row('cold-pooled', '  cold tag, connection there', [{ must: 1.2 * RTT }]),
    row('cold-blob', '  cold blob, connection there', [{ must: 1.2 * RTT }]),
    row('pull', `  cold pull of ${LAYERS} layers, until each has begun`, [REGISTRY]),
    row('warm-tag', '  warm tag, fresh', [{ must: 3 }]),
    row('due-tag', '  warm tag past its age', [{ must: 1.2 * RTT, aim: 3 }]),
    row('token-tag', '  upstream with tokens: cold tag, no connection yet', [REGISTRY]),
    row('token-pull', `  upstream with tokens: cold pull of ${LAYERS} layers`, [REGISTRY]),
  ],
  async run(bench) {
    const relay = await startRelay(bench.upstream.port, RTT)
    const setting = { upstreamUrl: relay.url, tagTtlSeconds: tagTtl(bench) }
    try {
      for (let round = 0; round < bench.rounds; round++) {
        await bench.upstream.wantTokens(false)
        await withSubjects(bench, (subjects) => plain(bench, subjects, round), setting)
        await bench.upstream.wantTokens(true)
        await withSubjects(withTokens(bench), (subjects) => tokens(bench, subjects, round), setting)
      }
    } finally {
      await bench.upstream.wantTokens(false)
      await relay.close()
    }
  },
}

/** nginx knows nothing of token services. */
function withTokens(bench: Bench): Bench {
  return { ...bench, launchers: bench.launchers.filter(({ name }) => name !== 'nginx') }
}

async function plain(bench: Bench, subjects: readonly Subject[], round: number): Promise<void> {
  const due = new Map<Subject, BenchImage>()
  for (const subject of inTurn(subjects, round)) {
    const record = recorder(bench, subject, round)
    const [first, second] = [await newImage(bench), await newImage(bench)]
    record('cold-tag', await timeTag(subject, first))
    record('cold-pooled', await timeTag(subject, second))
    const blob = await right(subject, blobPath(first.config))
    record('cold-blob', blob.firstByteMs)
    record('pull', await startPull(subject, await newImage(bench)))
    due.set(subject, second)
    record('warm-tag', await timeTag(subject, second, true))
  }
  // nginx counts whole seconds.
  await sleep(tagTtl(bench) * 1000 + (subjects.some(({ name }) => name === 'nginx') ? 1100 : 100))
  for (const [subject, image] of due)
    recorder(bench, subject, round)('due-tag', await timeTag(subject, image))
}

async function tokens(bench: Bench, subjects: readonly Subject[], round: number): Promise<void> {
  for (const subject of subjects) {
    const record = recorder(bench, subject, round)
    record('token-tag', await timeTag(subject, await newImage(bench)))
    record('token-pull', await startPull(subject, await newImage(bench)))
  }
}

/** Seconds: longer than what comes before the question for a fresh tag takes. */
function tagTtl(bench: Bench): number {
  return sized(bench, [3, 3, 1])
}

function recorder(bench: Bench, { name }: Subject, round: number) {
  return (row: string, value: number): void =>
    bench.results.record(`rtt-${row}`, { subject: name, round, value })
}

function newImage(bench: Bench): Promise<BenchImage> {
  return bench.upstream.newImage(LAYERS, sized(bench, [4 * MIB, MIB, 65_536]))
}

/** Milliseconds until the head of the answer; asked `again`, the second time counts. */
async function timeTag(subject: Subject, { tag, manifest }: BenchImage, again = false): Promise<number> {
  const path = manifestPath(tag)
  if (again) await ask(subject.url + path)
  const { digest, firstByteMs } = await ask(subject.url + path)
  if (digest !== manifest) throw wrongBytes(subject, path)
  return firstByteMs
}

/** As containerd pulls: the tag by HEAD and GET, then the configuration and three layers at a time. */
async function startPull(subject: Subject, image: BenchImage): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  const began = performance.now()
  await ask(subject.url + manifestPath(image.tag), { agent, method: 'HEAD' })
  await ask(subject.url + manifestPath(image.manifest), { agent })
  const each = await Promise.all(
    [image.config, ...image.layers].map(async (digest) => {
      const asked = performance.now()
      const { firstByteMs } = await right(subject, blobPath(digest), agent)
      return asked + firstByteMs
    }),
  )
  agent.destroy()
  return Math.max(...each) - began
}

async function right(subject: Subject, path: string, agent?: Agent): Promise<Answer> {
  const answer = await ask(subject.url + path, agent === undefined ? {} : { agent })
  if (!path.endsWith(answer.digest)) throw wrongBytes(subject, path)
  return answer
}

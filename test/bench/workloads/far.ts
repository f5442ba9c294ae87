import { Agent } from 'node:http'
import { ask } from '../ask.ts'
import { type Bench, eachRound, type Workload, warm, withSubjects } from '../bench.ts'
import { startRelay } from '../relay.ts'
import type { Subject } from '../subjects.ts'
import { blobPath, manifestPath, pullPaths } from '../upstream.ts'

const RTT = 100

/** How a client starts to pull an image that is cached, while the upstream is 100 ms away. */
export const far: Workload = {
  name: 'far',
  rows: [
    {
      id: 'far-start',
      title: 'warm pull, upstream 100 ms away: /v2/, tag, first layer byte',
      unit: 'ms',
      better: 'less',
      bounds: [{ must: 15, aim: 5 }],
    },
    {
      id: 'far-tag',
      title: '  slower of HEAD and GET of the tag',
      unit: 'ms',
      better: 'less',
      bounds: [{ must: 15, aim: 5 }],
    },
    {
      id: 'far-requests',
      title: '  requests to the upstream',
      unit: 'count',
      better: 'less',
      bounds: [{ must: 0, aim: 0 }],
    },
  ],
  async run(bench) {
    const relay = await startRelay(bench.upstream.port, RTT)
    const play = async (subjects: Subject[]) => {
      for (const subject of subjects) {
        for (const path of pullPaths(bench.upstream.image)) await warm(bench, subject, path)
        await pull(bench, subject)
      }
      await eachRound(bench, subjects, (subject, round) => measure(bench, subject, round))
    }
    try {
      await withSubjects(bench, play, { upstreamUrl: relay.url })
    } finally {
      await relay.close()
    }
  },
}

async function measure(bench: Bench, subject: Subject, round: number): Promise<void> {
  const before = await bench.upstream.stats()
  const { start, tag } = await pull(bench, subject)
  await bench.upstream.quiet()
  const asked = (await bench.upstream.stats()).requests - before.requests
  bench.results.record('far-start', { subject: subject.name, round, value: start })
  bench.results.record('far-tag', { subject: subject.name, round, value: tag })
  bench.results.record('far-requests', { subject: subject.name, round, value: asked })
}

/** Milliseconds from the first request to the first byte of the layer, and of the slower tag request. */
async function pull(bench: Bench, { url }: Subject): Promise<{ start: number; tag: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const began = performance.now()
  await ask(`${url}/v2/`, { agent })
  const head = await ask(url + manifestPath('latest'), { agent, method: 'HEAD' })
  const got = await ask(url + manifestPath('latest'), { agent })
  await ask(url + manifestPath(bench.upstream.image.manifest), { agent })
  const beforeLayer = performance.now() - began
  const layer = await ask(url + blobPath(bench.upstream.image.layers[0] ?? ''), { agent })
  agent.destroy()
  return { start: beforeLayer + layer.firstByteMs, tag: Math.max(head.firstByteMs, got.firstByteMs) }
}

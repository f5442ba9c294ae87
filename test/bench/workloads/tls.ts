import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { GIB, MIB } from '../../../src/domain/units.ts'
import { type Bench, eachRound, sized, type Workload, warm, withSubjects } from '../bench.ts'
import { makeCertificate } from '../certificate.ts'
import { cpuSeconds } from '../measure.ts'

const CLIENTS = 4
const run = promisify(execFile)

/** A warm blob through TLS 1.3, read by four curl, which decrypt on the same processors. */
export const tls: Workload = {
  name: 'tls',
  needs: ['curl', 'openssl'],
  rows: [
    {
      id: 'tls',
      title: `warm blob through TLS, ${CLIENTS} curl`,
      unit: 'bytes/s',
      better: 'more',
      bounds: [{ against: 'docker-registry' }, { against: 'nginx', must: 1, aim: 1.3 }],
    },
    {
      id: 'tls-cpu',
      title: '  its CPU per GiB',
      unit: 's/GiB',
      better: 'less',
      bounds: [{ against: 'docker-registry' }, { against: 'nginx' }],
    },
  ],
  async run(bench) {
    const size = sized(bench, [128, 64, 4]) * MIB
    const path = await bench.upstream.newBlob(size)
    const bytes = CLIENTS * sized(bench, [4, 2, 1]) * size
    const play = async (subjects: Parameters<Parameters<typeof withSubjects>[1]>[0]): Promise<void> => {
      for (const subject of subjects) await warm(bench, subject, path)
      await eachRound(bench, subjects, async ({ name, url, pid }, round) => {
        const cpu = cpuSeconds(pid)
        const seconds = await read(bench, url + path, bytes)
        const record = (row: string, value: number): void =>
          bench.results.record(row, { subject: name, round, value })
        record('tls', bytes / seconds)
        record('tls-cpu', (cpuSeconds(pid) - cpu) / (bytes / GIB))
      })
    }
    await withSubjects(bench, play, { tls: makeCertificate(bench.folder) })
  },
}

/** Seconds until all of them have read it; each keeps its connection. */
async function read(bench: Bench, url: string, bytes: number): Promise<number> {
  const repeats = sized(bench, [4, 2, 1])
  const each = Array.from({ length: repeats }, () => ['-o', '/dev/null', url]).flat()
  const args = ['-sSfk', '--http1.1', '-w', '%{size_download}\n', ...each]
  const began = performance.now()
  const read = await Promise.all(Array.from({ length: CLIENTS }, () => run('curl', args)))
  const seconds = (performance.now() - began) / 1000
  const sizes = read.flatMap(({ stdout }) => stdout.trim().split('\n').map(Number))
  if (sizes.reduce((sum, size) => sum + size, 0) !== bytes) throw new Error(`${url}: not all of it came`)
  return seconds
}

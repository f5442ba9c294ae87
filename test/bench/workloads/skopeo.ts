import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MIB } from '../../../src/domain/units.ts'
import { type Bench, inTurn, type Row, settle, sized, type Workload, withSubjects } from '../bench.ts'
import type { Subject } from '../subjects.ts'
import type { BenchImage } from '../upstream.ts'

const LAYERS = 5
const CLIENTS = [1, 8] as const
const run = promisify(execFile)

const row = (id: string, title: string, must: number): Row => ({
  id: `skopeo-${id}`,
  title,
  unit: 's',
  better: 'less',
  bounds: [{ against: 'docker-registry', must }],
})

/** `skopeo copy` of an image of 5 layers into a folder; skopeo looks at every byte itself. */
export const skopeo: Workload = {
  name: 'skopeo',
  needs: ['skopeo'],
  rows: CLIENTS.flatMap((clients) => [
    row(`cold-${clients}`, `skopeo copy of 300 MB in ${LAYERS} layers, ${clients} at once, cold`, 0.7),
    row(`warm-${clients}`, '  the same, warm', 0.95),
  ]),
  async run(bench) {
    await withSubjects(bench, async (subjects) => {
      for (let round = 0; round < Math.min(bench.rounds, 2); round++) {
        for (const clients of CLIENTS) await play(bench, subjects, { clients, round })
      }
    })
  },
}

async function play(
  bench: Bench,
  subjects: readonly Subject[],
  { clients, round }: { clients: number; round: number },
): Promise<void> {
  const image = await bench.upstream.newImage(LAYERS, sized(bench, [60, 20, 1]) * MIB)
  for (const subject of inTurn(subjects, round)) {
    for (const kind of ['cold', 'warm']) {
      await settle(bench)
      const value = await copy(bench, subject, { image, clients }).catch(unlessOurs(subject))
      if (value === undefined) break
      bench.results.record(`skopeo-${kind}-${clients}`, { subject: subject.name, round, value })
    }
  }
}

/** docker-registry answers some of several cold pulls at once with 500: then it has no time in the table. */
function unlessOurs({ name }: Subject) {
  return (error: unknown): undefined => {
    if (name === 'cachalot') throw error
    console.log(`skopeo: ${name} failed: ${String(error).split('\n')[1] ?? ''}`)
  }
}

/** Seconds until the last of them is done. */
async function copy(
  bench: Bench,
  subject: Subject,
  { image, clients }: { image: BenchImage; clients: number },
): Promise<number> {
  const folder = mkdtempSync(join(bench.folder, 'skopeo-'))
  const from = `docker://${new URL(subject.url).host}/bench/image:${image.tag}`
  const policy = ['--insecure-policy', '--tmpdir', folder]
  const targets = Array.from({ length: clients }, (_, client) => join(folder, String(client)))
  const began = performance.now()
  await Promise.all(
    targets.map((to) =>
      run('skopeo', [...policy, 'copy', '-q', '--src-tls-verify=false', from, `dir:${to}`], {
        timeout: 300_000,
      }),
    ),
  )
  const seconds = (performance.now() - began) / 1000
  for (const to of targets) {
    const names = new Set(readdirSync(to))
    const isWhole = image.layers.every((digest) => names.has(digest.slice('sha256:'.length)))
    if (!isWhole) throw new Error(`${subject.name}: skopeo did not get every layer`)
  }
  rmSync(folder, { recursive: true })
  return seconds
}

import { type Bound, eachRound, type Row, type Workload, warm, withSubjects } from '../bench.ts'
import { type BenchImage, blobPath, manifestPath } from '../upstream.ts'
import { requestsPerSecond } from '../wrk.ts'

interface Target {
  readonly id: string
  readonly title: string
  readonly bounds: readonly Bound[]
  path(image: BenchImage): string
}

const MANIFEST_BOUNDS: readonly Bound[] = [
  { against: 'docker-registry', must: 8 },
  { against: 'nginx', aim: 0.7 },
]

const MANIFESTS: readonly Target[] = [
  {
    id: 'manifest-tag',
    title: 'manifest by tag',
    bounds: MANIFEST_BOUNDS,
    path: () => manifestPath('latest'),
  },
  {
    id: 'manifest-digest',
    title: 'manifest by digest',
    bounds: MANIFEST_BOUNDS,
    path: (image) => manifestPath(image.manifest),
  },
]

const SMALL_BLOB: Target = {
  id: 'small-blob',
  title: 'blob of 1 kB',
  bounds: [{ against: 'docker-registry', must: 8, aim: 20 }],
  path: (image) => blobPath(image.config),
}

/** Warm manifests asked for by 32 connections. */
export const manifests = requestWorkload('manifest', MANIFESTS)

/** The warm configuration blob of an image asked for by 32 connections. */
export const smallBlob = requestWorkload('small', [SMALL_BLOB])

function requestWorkload(name: string, targets: readonly Target[]): Workload {
  return {
    name,
    rows: targets.map(rowOf),
    async run(bench) {
      await withSubjects(bench, async (subjects) => {
        for (const target of targets) {
          const path = target.path(bench.upstream.image)
          for (const subject of subjects) {
            await warm(bench, subject, path)
            await requestsPerSecond(subject.url + path, 1)
          }
          await eachRound(bench, subjects, async (subject, round) => {
            const value = await requestsPerSecond(subject.url + path, bench.quick ? 1 : 2)
            bench.results.record(target.id, { subject: subject.name, round, value })
          })
        }
      })
    },
  }
}

function rowOf({ id, title, bounds }: Target): Row {
  return { id, title: `${title}, 32 connections`, unit: '/s', better: 'more', bounds }
}

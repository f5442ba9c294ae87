import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Bench,
  type Bound,
  eachRound,
  type Row,
  sized,
  type Workload,
  warm,
  withSubjects,
} from '../bench.ts'
import { login } from '../login.ts'
import type { Subject } from '../subjects.ts'
import { type BenchImage, blobPath, manifestPath } from '../upstream.ts'
import { askHeads, askSteadily, type Paced } from '../wrk.ts'

interface Target {
  readonly id: string
  readonly title: string
  readonly bounds: readonly Bound[]
  /** Within how many milliseconds 99 of 100 answers must be there; undefined: no row for it. */
  readonly p99?: number
  readonly method?: 'HEAD'
  path(image: BenchImage): string
}

const BOUNDS: readonly Bound[] = [
  { against: 'docker-registry', must: 8 },
  { against: 'nginx', aim: 0.7 },
]

const MANIFESTS: readonly Target[] = [
  {
    id: 'manifest-tag',
    title: 'manifest by tag',
    bounds: BOUNDS,
    p99: 8,
    path: ({ tag }) => manifestPath(tag),
  },
  {
    id: 'manifest-digest',
    title: 'manifest by digest',
    bounds: BOUNDS,
    p99: 8,
    path: (image) => manifestPath(image.manifest),
  },
  {
    id: 'manifest-head',
    title: 'HEAD of a tag',
    bounds: BOUNDS,
    p99: 8,
    method: 'HEAD',
    path: ({ tag }) => manifestPath(tag),
  },
  {
    id: 'manifest-index',
    title: 'index by tag',
    bounds: BOUNDS,
    p99: 8,
    path: ({ indexTag }) => manifestPath(indexTag),
  },
]

const SMALL_BLOB: Target = {
  id: 'small-blob',
  title: 'blob of 1 kB',
  bounds: [{ against: 'docker-registry', must: 8, aim: 20 }],
  path: (image) => blobPath(image.config),
}

const LOGIN: Row = {
  id: 'manifest-login',
  title: 'manifest by tag with a password (bcrypt, cost 10), 32 connections',
  unit: '/s',
  better: 'more',
  bounds: [{ must: 15_000 }],
}

/** Warm manifests asked for by 32 connections. */
export const manifests: Workload = {
  name: 'manifest',
  needs: ['wrk'],
  rows: [...MANIFESTS.flatMap(rowsOf), LOGIN],
  async run(bench) {
    await withSubjects(bench, (subjects) => measureAll(bench, subjects, MANIFESTS))
    await measureLogin(bench)
  },
}

/** The warm configuration blob of an image asked for by 32 connections. */
export const smallBlob: Workload = {
  name: 'small',
  needs: ['wrk'],
  rows: rowsOf(SMALL_BLOB),
  run: (bench) => withSubjects(bench, (subjects) => measureAll(bench, subjects, [SMALL_BLOB])),
}

async function measureAll(
  bench: Bench,
  subjects: readonly Subject[],
  targets: readonly Target[],
): Promise<void> {
  for (const target of targets) {
    const path = target.path(bench.upstream.image)
    for (const subject of subjects) {
      await warm(bench, subject, path)
      if (bench.size !== 'tiny') await load(bench, target, subject.url + path)
    }
    await eachRound(bench, subjects, async ({ name, url }, round) => {
      const found = await load(bench, target, url + path)
      if (found === undefined) return
      bench.results.record(target.id, { subject: name, round, value: found.rate })
      if (target.p99 === undefined) return
      bench.results.record(`${target.id}-p99`, { subject: name, round, value: found.p99 })
    })
  }
}

function load(bench: Bench, { method }: Target, url: string): Promise<Paced | undefined> {
  const seconds = sized(bench, [2, 1, 0.5])
  return method === 'HEAD' ? askHeads({ url, seconds }, bench.folder) : askSteadily({ url, seconds })
}

/** Others check the password each time, which takes a hundred times longer than everything else. */
async function measureLogin(bench: Bench): Promise<void> {
  const launchers = bench.launchers.filter(({ name }) => name === 'cachalot')
  const file = join(bench.folder, 'users')
  writeFileSync(file, login.line)
  const play = async (subjects: readonly Subject[]): Promise<void> => {
    const path = manifestPath(bench.upstream.image.tag)
    const headers = { authorization: login.authorization }
    const seconds = sized(bench, [2, 1, 0.5])
    for (const { url } of subjects) {
      await fetch(url + path, { headers })
      if (bench.size !== 'tiny') await askSteadily({ url: url + path, seconds, ...headers })
    }
    await eachRound(bench, subjects, async ({ name, url }, round) => {
      const { rate: value } = await askSteadily({ url: url + path, seconds, ...headers })
      bench.results.record(LOGIN.id, { subject: name, round, value })
    })
  }
  await withSubjects({ ...bench, launchers }, play, { more: `[auth]\nhtpasswd = "${file}"\n` })
}

function rowsOf({ id, title, bounds, p99 }: Target): Row[] {
  const rate: Row = { id, title: `${title}, 32 connections`, unit: '/s', better: 'more', bounds }
  if (p99 === undefined) return [rate]
  const late: Row = {
    id: `${id}-p99`,
    title: '  99 of 100 within',
    unit: 'ms',
    better: 'less',
    bounds: [{ must: p99 }],
  }
  return [rate, late]
}

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ask } from './ask.ts'
import type { Sink } from './sink.ts'
import type { Launcher, Setting, Subject, SubjectName } from './subjects.ts'
import type { Upstream } from './upstream.ts'

export type Unit = 'bytes/s' | 's/GiB' | '/s' | 's' | 'ms' | 'times' | 'bytes' | 'count'

/** What Cachalot promised: `must` and `aim` times the value of `against`, or as they are without it. */
export interface Bound {
  readonly against?: SubjectName
  readonly must?: number
  readonly aim?: number
}

/** One line of the table. */
export interface Row {
  readonly id: string
  readonly title: string
  readonly unit: Unit
  readonly better: 'more' | 'less'
  readonly bounds: readonly Bound[]
}

/** Measures some rows. */
export interface Workload {
  readonly name: string
  readonly rows: readonly Row[]
  run(bench: Bench): Promise<void>
}

/** Takes one measured value of a row. */
export interface Recorder {
  record(row: string, measured: { subject: SubjectName; round: number; value: number }): void
}

/** What a workload works with. */
export interface Bench {
  readonly rounds: number
  /** Smaller sizes, shorter runs. */
  readonly quick: boolean
  readonly launchers: readonly Launcher[]
  readonly upstream: Upstream
  readonly sink: Sink
  /** Temporary folder of this run. */
  readonly folder: string
  readonly results: Recorder
}

export type SubjectSetting = Omit<Setting, 'folder' | 'upstreamUrl'> & { upstreamUrl?: string }

/** Starts every subject on an empty folder, lets `play` use them, stops and removes all of it. */
export async function withSubjects(
  bench: Bench,
  play: (subjects: Subject[]) => Promise<void>,
  setting: SubjectSetting = {},
): Promise<void> {
  const subjects: Subject[] = []
  const folder = mkdtempSync(join(bench.folder, 'subjects-'))
  try {
    for (const launcher of bench.launchers) {
      const own = join(folder, launcher.name)
      mkdirSync(own)
      subjects.push(await launcher.start({ upstreamUrl: bench.upstream.url, ...setting, folder: own }))
    }
    await play(subjects)
  } finally {
    await Promise.all(subjects.map((subject) => subject.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Every round visits every subject once; who is first changes from round to round. */
export async function eachRound<T>(
  bench: Bench,
  visited: readonly T[],
  visit: (one: T, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < bench.rounds; round++) {
    const first = round % Math.max(1, visited.length)
    for (const one of [...visited.slice(first), ...visited.slice(0, first)]) await visit(one, round)
  }
}

/** Fetches `path` until the subject answers it without a body from the upstream; throws on wrong bytes. */
export async function warm(bench: Bench, subject: Subject, path: string): Promise<void> {
  const named = path.split('/').at(-1) ?? ''
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = await bench.upstream.stats()
    const { status, digest } = await ask(subject.url + path)
    if (status !== 200) throw new Error(`${subject.name} answered ${status} for ${path}`)
    if (named.startsWith('sha256:') && digest !== named)
      throw new Error(`${subject.name}: wrong bytes for ${path}`)
    await bench.upstream.quiet()
    if ((await bench.upstream.stats()).bytes === before.bytes) return
  }
  throw new Error(`${subject.name} fetches ${path} from the upstream every time`)
}

import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { MIB } from '../../src/domain/units.ts'
import { ask } from './ask.ts'
import type { Sink } from './sink.ts'
import type { Launcher, Setting, Subject, SubjectName } from './subjects.ts'
import type { Upstream } from './upstream.ts'

export type Unit = 'bytes/s' | 's/GiB' | '/s' | 's' | 'ms' | 'times' | 'share' | 'bytes' | 'count'

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
  /** Programs it cannot do without. */
  readonly needs?: readonly string[]
  run(bench: Bench): Promise<void>
}

/** Takes one measured value of a row. */
export interface Recorder {
  record(row: string, measured: { subject: SubjectName; round: number; value: number }): void
}

/** How large everything is: to measure, to see roughly, or to see that the benchmark itself works. */
export type Size = 'full' | 'quick' | 'tiny'

/** What a workload works with. */
export interface Bench {
  readonly rounds: number
  readonly size: Size
  readonly launchers: readonly Launcher[]
  readonly upstream: Upstream
  readonly sink: Sink
  /** Temporary folder of this run. */
  readonly folder: string
  readonly results: Recorder
}

/** The one that is for this size: full, quick or tiny. */
export function sized<T>({ size }: Pick<Bench, 'size'>, [full, quick, tiny]: readonly [T, T, T]): T {
  return { full, quick, tiny }[size]
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

/** The same for Cachalot alone. Throws where it was left out. */
export async function withCachalot(
  bench: Bench,
  play: (subject: Subject) => Promise<void>,
  setting: SubjectSetting = {},
): Promise<void> {
  const launchers = bench.launchers.filter(({ name }) => name === 'cachalot')
  await withSubjects(
    { ...bench, launchers },
    async ([subject]) => {
      if (subject === undefined) throw new Error('this is of Cachalot alone, which was left out')
      await play(subject)
    },
    setting,
  )
}

/** Records values of Cachalot alone, by the id of their row. */
export function recordOurs(bench: Bench, values: Readonly<Record<string, number>>, round = 0): void {
  for (const [row, value] of Object.entries(values))
    bench.results.record(row, { subject: 'cachalot', round, value })
}

/** Every round visits every subject once; who is first changes from round to round. */
export async function eachRound<T>(
  bench: Bench,
  visited: readonly T[],
  visit: (one: T, round: number) => Promise<void>,
): Promise<void> {
  for (let round = 0; round < bench.rounds; round++)
    for (const one of inTurn(visited, round)) await visit(one, round)
}

/** All of them, beginning with another one in each round. */
export function inTurn<T>(visited: readonly T[], round: number): readonly T[] {
  const first = round % Math.max(1, visited.length)
  return [...visited.slice(first), ...visited.slice(0, first)]
}

/** Fetches `path` until the subject answers it without a body from the upstream; throws on wrong bytes. */
export async function warm(bench: Bench, subject: Subject, path: string): Promise<void> {
  const named = path.split('/').at(-1) ?? ''
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = await bench.upstream.stats()
    const { status, digest } = await ask(subject.url + path)
    if (status !== 200) throw new Error(`${subject.name} answered ${status} for ${path}`)
    if (named.startsWith('sha256:') && digest !== named) throw wrongBytes(subject, path)
    await bench.upstream.quiet()
    if ((await bench.upstream.stats()).bytes === before.bytes) return
  }
  throw new Error(`${subject.name} fetches ${path} from the upstream every time`)
}

/** Reads `path`, which ends with a digest, once more from each; throws where one byte differs. Not to be timed. */
export async function verify(subjects: readonly Subject[], paths: readonly string[]): Promise<void> {
  for (const subject of subjects) {
    for (const path of paths) {
      const { status, digest } = await ask(subject.url + path)
      if (status !== 200 || !path.endsWith(digest)) throw wrongBytes(subject, path)
    }
  }
}

/** Subjects that ran one after the other must not slow each other: waits until nothing is sent or written. */
export async function settle(bench: Bench): Promise<void> {
  await bench.upstream.quiet()
  if (bench.size !== 'tiny') spawnSync('sync')
}

/**
 * Takes `bytes` of memory for a file and gives them back. A virtual machine returns free memory to its host within
 * seconds, and getting it again costs several times what a page otherwise does: whoever came first would pay for all.
 */
export function touchMemory({ folder }: Pick<Bench, 'folder'>, bytes: number): void {
  const file = join(folder, 'touched')
  const chunk = Buffer.alloc(MIB)
  const fd = openSync(file, 'w')
  try {
    for (let done = 0; done < bytes; done += chunk.length) writeSync(fd, chunk)
  } finally {
    closeSync(fd)
    rmSync(file)
  }
}

export function wrongBytes(subject: Pick<Subject, 'name'>, path: string): Error {
  return new Error(`${subject.name}: wrong bytes for ${path}`)
}

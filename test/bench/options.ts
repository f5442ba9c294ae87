import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import type { Size } from './bench.ts'

export interface Options {
  readonly rounds: number
  readonly size: Size
  /** Whether the workload that makes a million files is played too. */
  readonly scale: boolean
  /** Names of workloads; empty = all but scale. */
  readonly only: readonly string[]
  /** Names of subjects; empty = all. */
  readonly subjects: readonly string[]
  readonly json: string | undefined
  /** File of results to make README's tables of, instead of measuring. */
  readonly markdown: string | undefined
  readonly profile: boolean
  /** Parent of the temporary folder, which takes some 10 GB. */
  readonly folder: string
}

const ROUNDS: Readonly<Record<Size, number>> = { full: 5, quick: 2, tiny: 1 }
const SUBJECTS = ['cachalot', 'docker-registry', 'nginx']

/** The command line is wrong; its message is for the terminal. */
export class UsageError extends Error {}

export const HELP = `npm run bench -- [options]
  --rounds N          how often everything is measured (default 5)
  --quick             two rounds of smaller loads
  --tiny              one round of hardly any load: shows that the benchmark works, its numbers mean nothing
  --scale             also an index of a million blobs, which takes minutes and a million inodes
  --only A,B          only these workloads (a wrong name lists them); scale stands for --scale alone
  --subjects A,B      only these of cachalot, docker-registry, nginx
  --json FILE         where the results go (default bench-results/<time>.json)
  --markdown FILE     measures nothing: prints the tables of the READMEs from the results in FILE
  --profile           only Cachalot, under --cpu-prof: prints the functions that took most time
  --folder PATH       where the caches live while it runs (default: the system's temporary folder)`

/** Options of the command line; undefined when help was asked for. Throws UsageError or what `parseArgs` throws. */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      tiny: { type: 'boolean', default: false },
      scale: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      subjects: { type: 'string', default: '' },
      json: { type: 'string' },
      markdown: { type: 'string' },
      profile: { type: 'boolean', default: false },
      folder: { type: 'string', default: tmpdir() },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return undefined
  const subjects = listOf(values.subjects)
  const unknown = subjects.filter((name) => !SUBJECTS.includes(name))
  if (unknown.length > 0) throw new UsageError(`--subjects ${unknown.join()}: there are ${SUBJECTS.join()}`)
  const size = values.tiny ? 'tiny' : values.quick ? 'quick' : 'full'
  const rounds = Number(values.rounds ?? (values.profile ? 2 : ROUNDS[size]))
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds wants a whole number above 0')
  return {
    rounds,
    size,
    scale: values.scale,
    only: listOf(values.only),
    subjects: values.profile ? ['cachalot'] : subjects,
    json: values.json,
    markdown: values.markdown,
    profile: values.profile,
    folder: values.folder,
  }
}

function listOf(text: string): string[] {
  return text.split(',').filter((part) => part !== '')
}

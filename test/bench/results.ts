import type { Bound, Recorder, Row } from './bench.ts'
import { median } from './measure.ts'
import type { SubjectName } from './subjects.ts'

/** Values of one subject in the order of the rounds. */
export interface Series {
  readonly values: readonly number[]
  readonly median: number
  readonly min: number
  readonly max: number
}

export interface BoundResult extends Bound {
  /** Median of the rounds' own ratios, or of Cachalot's values where the bound stands alone. */
  readonly value: number
  /** Undefined when the promise has no such part. */
  readonly mustMet: boolean | undefined
  readonly aimMet: boolean | undefined
}

export interface RowResult extends Omit<Row, 'bounds'> {
  readonly series: Partial<Record<SubjectName, Series>>
  /** Only those that could be judged. */
  readonly bounds: readonly BoundResult[]
}

/** Collects what was measured and judges it. */
export interface Results extends Recorder {
  of(row: Row): RowResult
}

/** An empty collection. */
export function createResults(): Results {
  const measured = new Map<string, number[]>()
  const values = (row: string, subject: SubjectName) => measured.get(`${row} ${subject}`) ?? []
  return {
    record(row, { subject, round, value }) {
      const series = values(row, subject)
      series[round] = value
      measured.set(`${row} ${subject}`, series)
    },
    of({ bounds, ...row }) {
      const all = (subject: SubjectName) => values(row.id, subject)
      return { ...row, series: seriesOf(all), bounds: bounds.flatMap((bound) => judge(row, bound, all)) }
    },
  }
}

const SUBJECTS: readonly SubjectName[] = ['cachalot', 'docker-registry', 'nginx', 'direct']

function seriesOf(all: (subject: SubjectName) => readonly number[]): RowResult['series'] {
  const measured = SUBJECTS.map((subject) => [subject, all(subject)] as const)
  const entries = measured
    .filter(([, values]) => values.length > 0)
    .map(([subject, values]) => {
      const known = values.filter(Number.isFinite)
      const series = { values, median: median(known), min: Math.min(...known), max: Math.max(...known) }
      return [subject, series] as const
    })
  return Object.fromEntries(entries)
}

function judge(
  { better }: Omit<Row, 'bounds'>,
  bound: Bound,
  all: (subject: SubjectName) => readonly number[],
): BoundResult[] {
  const ours = all('cachalot')
  const theirs = bound.against === undefined ? ours.map(() => 1) : all(bound.against)
  const ratios = ours.map((value, round) => value / (theirs[round] ?? Number.NaN)).filter(Number.isFinite)
  if (ratios.length === 0) return []
  const value = median(ratios)
  const met = (limit?: number) => {
    if (limit === undefined) return undefined
    return better === 'more' ? value >= limit : value <= limit
  }
  return [{ ...bound, value, mustMet: met(bound.must), aimMet: met(bound.aim) }]
}

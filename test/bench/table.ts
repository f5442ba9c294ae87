import { GIB, MIB } from '../../src/domain/units.ts'
import type { Bound, Row, Unit } from './bench.ts'
import type { RowResult, Series } from './results.ts'
import type { SubjectName } from './subjects.ts'

const SHORT: Record<SubjectName, string> = {
  cachalot: 'Cachalot',
  'docker-registry': 'reg',
  nginx: 'nginx',
  direct: 'direct',
}

const HEAD = ['what', 'Cachalot', 'docker-registry', 'nginx', 'direct', 'ratio', 'must', 'aim', 'verdict']

/** The results as text: a line for each row, columns aligned, medians with the least and greatest in brackets. */
export function renderTable(pairs: readonly { row: Row; result: RowResult }[]): string {
  const lines = [HEAD, ...pairs.map(({ row, result }) => cellsOf(row, result))]
  const widths = HEAD.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const rule = widths.map((width) => '─'.repeat(width)).join('  ')
  return [text[0], rule, ...text.slice(1)].join('\n')
}

function cellsOf(row: Row, { unit, series, bounds, better }: RowResult): string[] {
  const value = (subject: SubjectName) => formatSeries(series[subject], unit)
  const ratios = bounds.filter(({ against }) => against !== undefined)
  const limits = (kind: 'must' | 'aim') =>
    row.bounds
      .filter((bound) => bound[kind] !== undefined)
      .map((bound) => formatLimit(bound, kind, { unit, better }))
      .join(', ')
  return [
    row.title,
    value('cachalot'),
    value('docker-registry'),
    value('nginx'),
    value('direct'),
    ratios.map((bound) => `${trim(bound.value)} ${nameOf(bound)}`).join(', '),
    limits('must'),
    limits('aim'),
    verdict(row, bounds),
  ]
}

/**
 * What became of the promise: the aim met, the must met, or by how much it was missed, where a row has several bounds
 * the worst. "In part" when a peer of the promise was not measured. Empty when nothing was promised.
 */
export function verdict(row: Row, judged: RowResult['bounds']): string {
  const promised = row.bounds.filter(({ must, aim }) => must !== undefined || aim !== undefined)
  if (promised.length === 0) return ''
  if (judged.length === 0) return 'not measured'
  const part = judged.length < row.bounds.length ? ', in part' : ''
  const missed = worst(judged, row, 'must')
  if (missed !== undefined) return `missed by ${missed}`
  const fell = worst(judged, row, 'aim')
  if (fell === undefined && judged.some(({ aim }) => aim !== undefined)) return `aim met${part}`
  return judged.some(({ must }) => must !== undefined) ? `must met${part}` : `aim missed by ${fell}`
}

/** By how much the worst bound of a kind was missed; undefined when none was. */
function worst(judged: RowResult['bounds'], { better }: Row, kind: 'must' | 'aim'): string | undefined {
  const missed = judged.filter((bound) => bound[`${kind}Met`] === false)
  const shares = missed.map(({ value, [kind]: limit = Number.NaN }) =>
    better === 'more' ? 1 - value / limit : value / limit - 1,
  )
  if (shares.length === 0) return undefined
  const most = Math.max(...shares)
  if (!Number.isFinite(most)) return `${missed[0]?.value}`
  return most >= 1 ? `${trim(most + 1)} times` : `${trim(Number((most * 100).toFixed(1)))} %`
}

function nameOf({ against }: Bound): string {
  return against === undefined ? '' : SHORT[against]
}

function formatLimit(
  bound: Bound,
  kind: 'must' | 'aim',
  { unit, better }: { unit: Unit; better: 'more' | 'less' },
): string {
  const sign = better === 'more' ? '≥' : '≤'
  const limit = bound[kind] ?? Number.NaN
  return bound.against === undefined
    ? `${sign} ${FORMATS[unit](limit)}`
    : `${sign} ${trim(limit)} ${nameOf(bound)}`
}

function formatSeries(series: Series | undefined, unit: Unit): string {
  if (series === undefined) return '–'
  const middle = FORMATS[unit](series.median)
  if (!Number.isFinite(series.median)) return '–'
  if (series.min === series.max) return middle
  const bare = (value: number) => FORMATS[unit](value).split(' ')[0]
  return `${middle} (${bare(series.min)}–${bare(series.max)})`
}

const FORMATS: Record<Unit, (value: number) => string> = {
  'bytes/s': (value) => `${(value / GIB).toFixed(2)} GiB/s`,
  's/GiB': (value) => `${value.toFixed(2)} s`,
  '/s': (value) => `${Math.round(value)} /s`,
  s: (value) => `${value.toFixed(2)} s`,
  ms: (value) => `${trim(value)} ms`,
  times: (value) => `${value.toFixed(3)}×`,
  bytes: (value) => (value < MIB ? `${Math.round(value)} B` : `${Math.round(value / MIB)} MiB`),
  share: (value) => `${trim(value * 100)} %`,
  count: (value) => String(Math.round(value)),
}

function trim(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

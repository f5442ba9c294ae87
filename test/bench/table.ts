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

const HEAD = ['what', 'Cachalot', 'docker-registry', 'nginx', 'direct', 'ratio', 'must', 'aim', 'met']

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

/** Empty when nothing was promised or judged; "in part" when a peer of the promise was not measured. */
function verdict(row: Row, judged: RowResult['bounds']): string {
  if (judged.every(({ must, aim }) => must === undefined && aim === undefined)) return ''
  if (judged.some(({ mustMet }) => mustMet === false)) return 'NO'
  if (judged.length < row.bounds.length) return 'yes, in part'
  return judged.some(({ aimMet }) => aimMet === false) ? 'yes' : 'yes, and the aim'
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
  bytes: (value) => `${Math.round(value / MIB)} MiB`,
  count: (value) => String(Math.round(value)),
}

function trim(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}

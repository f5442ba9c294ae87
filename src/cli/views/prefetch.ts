import type { PrefetchImage, PrefetchReport, PrefetchRow } from '../../api/contract-prefetch.ts'
import { formatBytes } from '../../domain/units.ts'
import { type Block, gap, line, picture } from '../blocks.ts'
import { ago, bytes, type Cell, count, counted, listed, moment, words } from '../cells.ts'
import type { Tone } from '../paint.ts'
import type { Table } from '../table.ts'

/** Lists of the configuration, when they run next and how they ended last. */
export function prefetchListTable(rows: readonly PrefetchRow[], now: number): Table {
  return {
    columns: [
      { key: 'name', title: 'list', shrink: true },
      { key: 'schedule', title: 'schedule', drop: 2 },
      { key: 'nextRun', title: 'next run' },
      { key: 'platforms', title: 'platforms', shrink: true, drop: 3 },
      { key: 'lastRun', title: 'last run', drop: 1 },
      { key: 'result', title: 'result', shrink: true },
    ],
    rows: rows.map((row) => [
      words(row.name, 'strong'),
      words(row.schedule ?? 'by hand'),
      moment(row.nextRun),
      listed(row.platforms),
      row.last === undefined ? words(undefined) : ago(row.last.startedAt, now),
      resultOf(row),
    ]),
  }
}

function resultOf({ running, last }: PrefetchRow): Cell {
  if (running) return words('running', 'accent')
  if (last === undefined) return words(undefined)
  const { left, failed } = last.report
  return words(sumsOf(last.report), left + failed > 0 ? 'warn' : 'good')
}

function sumsOf({ fetched, unchanged, left, failed, dryRun }: PrefetchReport): string {
  const parts = [
    `${fetched} ${dryRun ? 'to fetch' : 'fetched'}`,
    `${unchanged} unchanged`,
    ...(left > 0 ? [`${left} left`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
  ]
  return parts.join(', ')
}

/** What became of one list, or would. */
export function prefetchBlocks(report: PrefetchReport): readonly Block[] {
  const { list, images, bytes: size, pulls, left, failed, dryRun } = report
  const cost = `${dryRun ? 'at least ' : ''}${formatBytes(size)}, ${counted(pulls, 'pull')}`
  const table: readonly Block[] =
    images.length === 0 ? [] : [{ kind: 'table', table: imageTable(images), row: list }]
  return [
    picture(list, 'strong'),
    ...table,
    line(`${list}: ${sumsOf(report)}; ${cost}`, left + failed > 0 ? 'warn' : 'good'),
    gap,
  ]
}

const TONES: Readonly<Record<PrefetchImage['state'], Tone>> = {
  fetched: 'good',
  unchanged: 'dim',
  due: 'accent',
  left: 'warn',
  failed: 'bad',
}

function imageTable(images: readonly PrefetchImage[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'state', title: 'state' },
      { key: 'bytes', title: 'size', align: 'right' },
      { key: 'pulls', title: 'pulls', align: 'right', drop: 1 },
      { key: 'why', title: '', shrink: true },
    ],
    rows: images.map(({ name, state, bytes: size, pulls, why }) => [
      words(name, 'strong'),
      words(state, TONES[state]),
      size === undefined ? words(undefined) : bytes(size),
      count(pulls),
      why === undefined ? { text: '', raw: '' } : words(why.message),
    ]),
  }
}

import type { Stats, TrafficRow, UpstreamDisk } from '../../api/contract.ts'
import { formatBytes, formatDuration } from '../../domain/units.ts'
import { bar } from '../bar.ts'
import { type Block, type Fact, gap, line, picture } from '../blocks.ts'
import { bytes, type Cell, count, counted, formatShare, percent, words } from '../cells.ts'
import type { Tone } from '../paint.ts'
import type { Column, Table } from '../table.ts'
import type { Screen } from '../terminal.ts'

export interface StatsView {
  readonly screen: Screen
  /** "24 h" */
  readonly span: string
}

const BAR = 30

/** The disk, each upstream's part of it, and the traffic. */
export function statsBlocks(stats: Stats, { screen, span }: StatsView): Block[] {
  const { disk, traffic } = stats
  const upstreams: Block[] =
    disk.upstreams.length === 0 ? [] : [gap, { kind: 'table', table: diskTable(disk.upstreams), row: 'disk' }]
  const served: Block =
    traffic.length === 0
      ? line(`no traffic in the last ${span}`, 'dim')
      : { kind: 'table', table: trafficTable(traffic, span), row: 'traffic' }
  const inPicture: Fact[] = [
    { label: 'used', value: bytes(disk.used) },
    { label: 'limit', value: bytes(disk.maxSize) },
  ]
  return [
    picture(diskLine(stats, screen)),
    { kind: 'facts', rows: inPicture, readers: 'programs' },
    { kind: 'facts', rows: diskFacts(stats) },
    ...upstreams,
    gap,
    served,
  ]
}

/** "cache /data  [████░░]  182.4 GiB of 200 GiB (91 %)" */
function diskLine({ disk }: Stats, screen: Screen): string {
  const { path, used, maxSize } = disk
  if (maxSize === 0) return `cache ${path}   ${formatBytes(used)}, no limit`
  const share = used / maxSize
  const gauge = screen.paint(toneOf(disk), bar(share, BAR, screen))
  return `cache ${path}   ${gauge}  ${formatBytes(used)} of ${formatBytes(maxSize)} (${formatShare(share)})`
}

function toneOf({ used, maxSize, volumeFree, minFree }: Stats['disk']): Tone {
  if (volumeFree < minFree || used > maxSize) return 'bad'
  return 'good'
}

function diskFacts({ disk, repositories, tags, files }: Stats): Fact[] {
  const short = disk.volumeFree < disk.minFree
  return [
    { label: 'volume free', value: volumeFree(disk, short) },
    { label: 'reserved', value: bytes(disk.reserved) },
    { label: 'unfinished', value: bytes(disk.parts) },
    { label: 'pinned', value: { text: counted(disk.pinned, 'blob'), raw: String(disk.pinned) } },
    { label: 'index', value: bytes(disk.index) },
    { label: 'repositories', value: count(repositories) },
    { label: 'tags', value: count(tags) },
    { label: 'files', value: count(files) },
    { label: 'blobs', value: count(disk.blobs) },
  ]
}

function volumeFree({ volumeFree: free, minFree }: Stats['disk'], short: boolean): Cell {
  const cell = bytes(free, short ? 'bad' : undefined)
  if (minFree === 0) return cell
  const text = short
    ? `${cell.text}, less than the ${formatBytes(minFree)} of min_free: nothing new is stored`
    : `${cell.text}, of which ${formatBytes(minFree)} stay free`
  return { ...cell, text }
}

const DISK_COLUMNS: readonly Column[] = [
  { key: 'upstream', title: 'upstream', shrink: true },
  { key: 'bytes', title: 'content', align: 'right' },
  { key: 'budget', title: 'budget', align: 'right' },
  { key: 'repositories', title: 'repositories', align: 'right', drop: 1 },
  { key: 'tags', title: 'tags', align: 'right' },
  { key: 'files', title: 'files', align: 'right' },
]

function diskTable(upstreams: readonly UpstreamDisk[]): Table {
  const rows = upstreams.map((row) => [
    words(row.upstream, 'strong'),
    bytes(row.bytes),
    row.budget === 0 ? { text: '–', raw: '0' } : bytes(row.budget),
    count(row.repositories),
    some(row.tags),
    some(row.files),
  ])
  return { columns: DISK_COLUMNS, rows }
}

/** Registries have no files, and all others no tags. */
function some(value: number): Cell {
  return value === 0 ? { text: '–', raw: '0' } : count(value)
}

function trafficTable(traffic: readonly TrafficRow[], span: string): Table {
  const columns: readonly Column[] = [
    { key: 'upstream', title: `since ${span}`, shrink: true },
    { key: 'requests', title: 'requests', align: 'right' },
    { key: 'bytes', title: 'bytes out', align: 'right' },
    { key: 'hitBytes', title: 'from cache', align: 'right' },
    { key: 'hitBytesShare', title: 'hit bytes', align: 'right' },
    { key: 'hitRequestsShare', title: 'hit reqs', align: 'right', drop: 1 },
    { key: 'fetched', title: 'fetched', align: 'right', drop: 2 },
    { key: 'limit', title: 'upstream pulls left', drop: 3 },
  ]
  const rows = traffic.map((row) => [
    words(row.upstream, 'strong'),
    count(row.requests),
    bytes(row.bytes),
    bytes(row.hitBytes),
    percent(row.hitBytes, row.bytes),
    percent(row.hitRequests, row.requests),
    bytes(row.fetched),
    limitOf(row),
  ])
  return { columns, rows }
}

function limitOf({ limit }: TrafficRow): Cell {
  if (limit === undefined) return words(undefined)
  const text = `${limit.remaining} of ${limit.limit} in ${formatDuration(limit.window)}`
  return { text, raw: String(limit.remaining), ...(limit.remaining === 0 ? { tone: 'bad' } : {}) }
}

import type { GcReport, GcRow } from '../../api/contract-work.ts'
import { formatBytes, formatDuration } from '../../domain/units.ts'
import { type Block, line, picture } from '../blocks.ts'
import { bytes, count, counted, formatCount, formatShare, words } from '../cells.ts'
import type { Table } from '../table.ts'

/** What the cache holds, what goes in which order, and what is kept. */
export function gcBlocks(report: GcReport, path: string): Block[] {
  const { rows, dryRun } = report
  const table: Block = { kind: 'table', table: reasonTable(rows), row: 'reason', indent: '  ' }
  const heading = dryRun ? 'would free, in this order:' : 'freed, in this order:'
  return [
    picture(headerOf(report, path)),
    ...(rows.length === 0 ? [line('nothing to do')] : [picture(heading), table]),
    ...(report.reached
      ? []
      : [line(`the goal is not reached: ${afterOf(report)} would stay at least`, 'warn')]),
    ...keptOf(report),
  ]
}

function headerOf({ before, maxSize, repositories, tags, blobs, ms }: GcReport, path: string): string {
  const size = sizeOf(before, maxSize)
  const content = `${counted(repositories, 'repository')} · ${counted(tags, 'tag')} · ${counted(blobs, 'blob')}`
  return `cache ${path}   ${size}   ${content}   scanned in ${seconds(ms)}`
}

/** "182.4 GiB of 200 GiB (91 %)" */
function sizeOf(used: number, maxSize: number): string {
  if (maxSize === 0) return formatBytes(used)
  return `${formatBytes(used)} of ${formatBytes(maxSize)} (${formatShare(used / maxSize)})`
}

function afterOf({ after, maxSize }: GcReport): string {
  return maxSize === 0 ? formatBytes(after) : `${formatBytes(after)} (${formatShare(after / maxSize)})`
}

function reasonTable(rows: readonly GcRow[]): Table {
  return {
    columns: [
      { key: 'reason', title: 'reason', shrink: true },
      { key: 'objects', title: 'objects', align: 'right' },
      { key: 'total', title: 'total', align: 'right' },
      { key: 'frees', title: 'frees', align: 'right' },
    ],
    rows: rows.map((row) => [
      { text: words(row.text).text + ofFiles(row), raw: row.reason },
      count(row.objects),
      bytes(row.total),
      bytes(row.frees, 'strong'),
    ]),
  }
}

/** Objects that are no part of images, for people. */
function ofFiles({ files, mirrors }: GcRow): string {
  const parts = [
    ...(files > 0 ? [`${formatCount(files)} of files`] : []),
    ...(mirrors > 0 ? [counted(mirrors, 'mirror')] : []),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function keptOf({ kept }: GcReport): Block[] {
  const parts = [
    kept.pinned > 0 ? `${formatCount(kept.pinned)} pinned (${formatBytes(kept.pinnedBytes)})` : '',
    kept.inUse > 0 ? `${formatCount(kept.inUse)} in use` : '',
    kept.young > 0 ? `${formatCount(kept.young)} used a moment ago` : '',
    kept.later > 0 ? `${counted(kept.later, 'image')} for the next run` : '',
    kept.gone > 0 ? `${formatCount(kept.gone)} gone upstream (--include-gone)` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? [] : [line(`kept: ${parts.join(' · ')}`)]
}

/** The last line, which says what happened. */
export function gcDone(report: GcReport): Block {
  const { dryRun, frees, objects, ms } = report
  if (dryRun && frees === 0) return line('nothing was changed, and there is nothing to free.')
  if (dryRun) return line(`nothing was changed. run without --dry-run to free ${formatBytes(frees)}.`)
  if (objects === 0) return line(`nothing was freed · cache now ${afterOf(report)}`)
  const what = `freed ${formatBytes(frees)} in ${seconds(ms)} (${counted(objects, 'object')})`
  return line(`${what} · cache now ${afterOf(report)}`)
}

function seconds(ms: number): string {
  return ms >= 1000 && ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : formatDuration(ms)
}

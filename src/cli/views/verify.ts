import type { VerifyProblem, VerifyReport } from '../../api/contract-work.ts'
import { SECOND } from '../../domain/clock.ts'
import { formatBytes, formatDuration } from '../../domain/units.ts'
import { type Block, line } from '../blocks.ts'
import { type Cell, counted, digest, listed, words } from '../cells.ts'
import type { Table } from '../table.ts'

const SAID: Record<VerifyProblem['problem'], string> = {
  damaged: 'its bytes changed',
  missing: 'its file is gone',
  size: 'its file has another size',
  unreadable: 'its file cannot be read',
  stray: 'a file nobody knows',
}

/** What is wrong, and how much was looked at. */
export function verifyBlocks(report: VerifyReport): Block[] {
  const { blobs, mirrors, bytes, problems, ms } = report
  const rate = ms > 0 ? `, ${formatBytes(Math.round((bytes / ms) * SECOND))}/s` : ''
  const objects = [counted(blobs, 'blob'), ...(mirrors === 0 ? [] : [counted(mirrors, 'mirror')])].join(', ')
  const looked = `${objects}, ${formatBytes(bytes)} in ${formatDuration(ms)}${rate}`
  if (problems.length === 0) return [line(`all is well: ${looked}`, 'good')]
  const repaired = problems.filter((one) => one.repaired).length
  const left = problems.length - repaired
  const fixed = repaired > 0 ? `, ${repaired} repaired` : ''
  const closing = `${counted(problems.length, 'problem')}${fixed}: ${looked}`
  return [
    { kind: 'table', table: problemTable(problems), row: 'problem' },
    line(closing, left > 0 ? 'bad' : 'warn'),
  ]
}

function problemTable(problems: readonly VerifyProblem[]): Table {
  return {
    columns: [
      { key: 'digest', title: 'blob' },
      { key: 'problem', title: 'problem' },
      { key: 'state', title: 'repaired' },
      { key: 'names', title: 'of', shrink: true },
    ],
    rows: problems.map((one) => [
      digest(one.digest),
      { text: SAID[one.problem], raw: one.problem },
      stateOf(one),
      listed(one.names, 1),
    ]),
  }
}

function stateOf({ repaired, why }: VerifyProblem): Cell {
  if (repaired) return words('yes', 'good')
  return words(why === undefined ? 'no' : `no: ${why}`, 'bad')
}

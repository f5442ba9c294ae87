import { type Block, gap, line, picture } from '../blocks.ts'
import { type Cell, counted, words } from '../cells.ts'
import type { Check } from '../doctor/check.ts'
import type { Tone } from '../paint.ts'

const TONES: Record<Check['state'], Tone> = { ok: 'good', warn: 'warn', fail: 'bad' }

/** A report to read and to pass on: a table for each subject, what to do behind what is wrong. */
export function doctorBlocks(checks: readonly Check[], system: string): Block[] {
  const subjects = [...new Set(checks.map(({ subject }) => subject))]
  const tables = subjects.flatMap((subject): Block[] => [
    gap,
    picture(subject, 'strong'),
    tableOf(checks.filter((check) => check.subject === subject)),
  ])
  return [line(system), ...tables, gap, closing(checks)]
}

function tableOf(checks: readonly Check[]): Block {
  return {
    kind: 'table',
    row: checks[0]?.subject ?? '',
    indent: '  ',
    table: {
      columns: [
        { key: 'state', title: '' },
        { key: 'name', title: '' },
        { key: 'ms', title: '', align: 'right' },
        { key: 'detail', title: '' },
      ],
      rows: checks.map((check) => [
        words(check.state, TONES[check.state]),
        words(check.name),
        check.ms === undefined ? { text: '', raw: '' } : { text: `${check.ms} ms`, raw: String(check.ms) },
        detailOf(check),
      ]),
    },
  }
}

function detailOf({ detail, advice }: Check): Cell {
  return words(advice === undefined ? detail : `${detail} · try: ${advice}`)
}

function closing(checks: readonly Check[]): Block {
  const of = (state: Check['state']): number => checks.filter((check) => check.state === state).length
  const [ok, warned, failed] = [of('ok'), of('warn'), of('fail')]
  const tone = failed > 0 ? 'bad' : warned > 0 ? 'warn' : 'good'
  return line(`${ok} ok · ${counted(warned, 'warning')} · ${failed} failed`, tone)
}

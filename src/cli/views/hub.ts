import type { HubImage, HubPage, HubPlatform, HubTag } from '../../api/contract-hub.ts'
import { formatBytes } from '../../domain/units.ts'
import { ago, type Cell, counted, digest, formatCount, listed, words } from '../cells.ts'
import type { Table } from '../table.ts'

/** One line for each repository of Docker Hub. */
export function hubImageTable(rows: readonly HubImage[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true, comfortable: 24 },
      { key: 'cached', title: 'here' },
      { key: 'stars', title: 'stars', align: 'right', drop: 2 },
      { key: 'pulls', title: 'pulls', align: 'right' },
      { key: 'description', title: 'description', shrink: true, cut: 'end', comfortable: 20, drop: 1 },
      { key: 'official', title: '', drop: 3 },
    ],
    rows: rows.map((row) => [
      imageName(row.name),
      hereCell(row.cached ? 'yes' : 'no'),
      large(row.stars),
      large(row.pulls),
      row.description === '' ? { text: '', raw: '' } : words(row.description),
      // For people their names say it: they have no owner in front.
      { text: '', raw: row.official ? 'official' : '' },
    ]),
  }
}

/** One line for each tag of a repository of Docker Hub. */
export function hubTagTable(rows: readonly HubTag[], now: number): Table {
  return {
    columns: [
      { key: 'tag', title: 'tag', shrink: true, comfortable: 24 },
      { key: 'cached', title: 'here' },
      { key: 'updated', title: 'pushed', drop: 1 },
      { key: 'size', title: 'size', align: 'right', drop: 2 },
      { key: 'digest', title: 'digest', drop: 4 },
      { key: 'platforms', title: 'platforms', shrink: true, comfortable: 20, drop: 3 },
    ],
    rows: rows.map((row) => [
      words(row.tag, 'strong'),
      hereCell(row.cached),
      row.updated === undefined ? words(undefined) : ago(row.updated, now),
      sizeCell(row.platforms),
      shortened(digest(row.digest)),
      platformCell(row.platforms),
    ]),
  }
}

/** What is to be known of an answer besides its rows: where it is from and why, and how it goes on. */
export function hubNotes(page: HubPage<unknown>, noun: string, now: number): string[] {
  const { items, source, at, why = '', total, totalIsLeast, nextCursor } = page
  const notes: string[] = []
  if (source === 'remembered') notes.push(`as Docker Hub said ${ago(at, now).text}: ${why}`)
  if (source === 'cache') notes.push(`only what is cached here: ${why}`)
  if (items.length === 0) notes.push(`no ${noun} matches`)
  if (nextCursor !== undefined) {
    const all = totalIsLeast === true ? `more than ${formatCount(total)}` : counted(total, noun)
    notes.push(`${formatCount(items.length)} of ${all} · try: --page ${nextCursor}`)
  }
  return notes
}

/** As people type it: the registry and the official namespace go without saying. */
function imageName(name: string): Cell {
  const cell = words(name, 'strong')
  return { ...cell, text: cell.text.replace(/^docker\.io\/(?:library\/)?/, '') }
}

const TONES = { yes: 'good', moved: 'warn', no: undefined } as const

/** Nothing for people where nothing is here. */
function hereCell(cached: HubTag['cached']): Cell {
  const tone = TONES[cached]
  const cell = { text: cached === 'no' ? '' : cached, raw: cached }
  return tone === undefined ? cell : { ...cell, tone }
}

/** From where on, in what unit. */
const STEPS: readonly (readonly [from: number, unit: number, name: string])[] = [
  [1e9, 1e9, 'B'],
  [1e6, 1e6, 'M'],
  [1e4, 1e3, 'k'],
]

/** "12.3 B": of billions nobody reads every digit. */
function large(value: number): Cell {
  const [, unit = 1, name] = STEPS.find(([from]) => value >= from) ?? []
  const text = name === undefined ? formatCount(value) : `${Math.round((value / unit) * 10) / 10} ${name}`
  return { text, raw: String(value) }
}

/** Nearly all are for Linux. */
function platformCell(platforms: readonly HubPlatform[]): Cell {
  const names = platforms.map(({ platform }) => platform)
  const { text } = listed(
    names.map((name) => name.replace(/^linux\//, '')),
    2,
  )
  return { ...listed(names), text }
}

/** From the smallest to the largest platform; for programs the largest. */
function sizeCell(platforms: readonly HubPlatform[]): Cell {
  const sizes = platforms.map(({ size }) => size).filter((size) => size > 0)
  if (sizes.length === 0) return words(undefined)
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)]
  const [from, to] = [formatBytes(least), formatBytes(most)]
  if (from === to) return { text: to, raw: String(most) }
  const [, unit = ''] = to.split(' ')
  const start = from.endsWith(` ${unit}`) ? from.slice(0, -unit.length - 1) : from
  return { text: `${start}–${to}`, raw: String(most) }
}

/** "ab12cd34ef56", as `ls` has it. */
function shortened(cell: Cell): Cell {
  return { ...cell, text: cell.text.replace(/^sha\d+:/, '') }
}

import type { FileDetail, FileEntry, FileRow } from '../../api/contract-files.ts'
import { type Block, type Fact, gap, line, picture } from '../blocks.ts'
import { ago, both, bytes, type Cell, count, digest, noted, words } from '../cells.ts'
import type { Tone } from '../paint.ts'
import type { Table } from '../table.ts'
import { pinnedCell } from './lists.ts'

const TONES: Readonly<Record<FileRow['state'], Tone | undefined>> = {
  fresh: undefined,
  due: undefined,
  gone: 'bad',
}

/** One line for each file, version of a module, or mirror. */
export function fileTable(rows: readonly FileRow[], now: number): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true, comfortable: 44 },
      { key: 'total', title: 'total', align: 'right' },
      { key: 'onlyHere', title: 'only here', align: 'right', drop: 5 },
      { key: 'lastUsed', title: 'last used', drop: 2 },
      { key: 'pulls', title: 'uses', align: 'right', drop: 3 },
      { key: 'state', title: 'state', drop: 4 },
      { key: 'pinned', title: '', drop: 1 },
      { key: 'firstCached', title: 'first cached', drop: 6 },
      { key: 'kind', title: '', drop: 9 },
    ],
    rows: rows.map((row) => [
      fileName(row.name),
      bytes(row.total),
      bytes(row.onlyHere),
      ago(row.lastUsed, now),
      count(row.pulls),
      words(row.state, TONES[row.state]),
      pinnedCell(row.pinned),
      ago(row.firstCached, now),
      { text: '', raw: row.kind },
    ]),
  }
}

/** Commits and hashes are shortened for people: what stands around them tells more. */
function fileName(name: string): Cell {
  const cell = words(name, 'strong')
  return {
    ...cell,
    text: cell.text.replaceAll(/([/@])([0-9a-f]{12})[0-9a-f]{28}(?:[0-9a-f]{24})?(?=\/|$)/g, '$1$2'),
  }
}

/** What is known of one of them, what it is made of, and who has the same bytes. */
export function fileBlocks({ file, entries, sharedWith }: FileDetail, now: number): Block[] {
  return [
    picture(file.name, 'strong'),
    { kind: 'facts', rows: [{ label: 'name', value: words(file.name) }], readers: 'programs' },
    { kind: 'facts', rows: factsOf(file, now) },
    ...entryBlocks(entries, now),
    ...(sharedWith.length === 0 ? [] : [gap, picture('the same bytes', 'dim')]),
    ...sharedWith.map((name) => line(`  ${name}`)),
  ]
}

function factsOf(file: FileRow, now: number): Fact[] {
  return [
    { label: 'kind', value: words(kindOf(file)) },
    { label: 'source', value: words(file.source) },
    { label: 'state', value: words(file.state, TONES[file.state]) },
    { label: 'total', value: bytes(file.total) },
    { label: 'only here', value: noted(bytes(file.onlyHere), 'what removing it frees') },
    { label: 'first cached', value: both(file.firstCached, now) },
    { label: 'last used', value: both(file.lastUsed, now) },
    { label: 'checked upstream', value: both(file.checkedAt, now) },
    { label: 'uses', value: count(file.pulls) },
    { label: 'pinned', value: file.pinned ? words('yes', 'accent') : words('no') },
  ]
}

const KINDS: Readonly<Record<FileRow['kind'], string>> = {
  go: 'Go module',
  github: 'file of GitHub',
  hf: 'file of Hugging Face',
  git: 'large file of git',
}

/** A mirror has no more name than its repository. */
function kindOf({ kind, file }: FileRow): string {
  return kind === 'git' && file === '' ? 'mirror of git' : KINDS[kind]
}

function entryBlocks(entries: readonly FileEntry[], now: number): Block[] {
  if (entries.length === 0) return []
  const table: Table = {
    columns: [
      { key: 'name', title: entries.length === 1 ? 'content' : 'made of', shrink: true },
      { key: 'size', title: 'size', align: 'right' },
      { key: 'digest', title: 'digest' },
      { key: 'mediaType', title: 'type', shrink: true, drop: 1 },
      { key: 'fetchedAt', title: 'fetched', drop: 2 },
      { key: 'etag', title: 'etag', shrink: true, drop: 3 },
    ],
    rows: entries.map((entry) => [
      lastPart(entry.name),
      bytes(entry.size),
      digest(entry.digest),
      words(entry.mediaType),
      ago(entry.fetchedAt, now),
      words(entry.etag),
    ]),
  }
  return [gap, { kind: 'table', table, row: 'entry' }]
}

/** All of its name stands above. */
function lastPart(name: string): Cell {
  const cell = words(name)
  return { ...cell, text: cell.text.slice(cell.text.lastIndexOf('/') + 1) }
}

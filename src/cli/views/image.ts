import type { ImageDetail, LayerRow, PlatformRow, TagRow } from '../../api/contract.ts'
import { type Block, type Fact, gap, picture } from '../blocks.ts'
import { ago, both, bytes, type Cell, count, digest, noted, words } from '../cells.ts'
import type { Tone } from '../paint.ts'
import type { Table } from '../table.ts'

/** A header, its tags, its platforms, and the layers of each. */
export function imageBlocks(detail: ImageDetail, now: number): Block[] {
  return [
    picture(detail.image.name, 'strong'),
    { kind: 'facts', rows: [{ label: 'name', value: words(detail.image.name) }], readers: 'programs' },
    { kind: 'facts', rows: factsOf(detail, now) },
    ...tagBlocks(detail.tags, now),
    ...platformBlocks(detail.platforms),
    ...detail.platforms.flatMap((platform) => layerBlocks(platform, detail.layers[platform.digest] ?? [])),
  ]
}

function factsOf({ image }: ImageDetail, now: number): Fact[] {
  return [
    { label: 'digest', value: { text: image.digest, raw: image.digest } },
    { label: 'type', value: words(image.mediaType) },
    { label: 'state', value: words(image.state, toneOf(image.state)) },
    { label: 'total', value: bytes(image.total) },
    { label: 'only here', value: noted(bytes(image.onlyHere), 'what removing it frees') },
    { label: 'shared', value: bytes(image.shared) },
    { label: 'first cached', value: both(image.firstCached, now) },
    { label: 'last used', value: both(image.lastUsed, now) },
    { label: 'pulls', value: count(image.pulls) },
    { label: 'pinned', value: image.pinned ? words('yes', 'accent') : words('no') },
    ...(image.goneAt === undefined ? [] : [{ label: 'gone upstream', value: both(image.goneAt, now) }]),
    ...(image.replacedAt === undefined ? [] : [{ label: 'replaced', value: both(image.replacedAt, now) }]),
  ]
}

function tagBlocks(tags: readonly TagRow[], now: number): Block[] {
  if (tags.length === 0) return []
  const table: Table = {
    columns: [
      { key: 'tag', title: 'tag', shrink: true },
      { key: 'state', title: 'state' },
      { key: 'checkedAt', title: 'checked upstream' },
      { key: 'lastUsed', title: 'last used', drop: 1 },
      { key: 'pulls', title: 'pulls', align: 'right', drop: 2 },
      { key: 'upstreamDigest', title: 'upstream has', drop: 3 },
    ],
    rows: tags.map((tag) => [
      words(tag.tag, 'strong'),
      words(tag.state, TAG_TONES[tag.state]),
      ago(tag.checkedAt, now),
      ago(tag.lastUsed, now),
      count(tag.pulls),
      digest(tag.upstreamDigest),
    ]),
  }
  return [gap, { kind: 'table', table, row: 'tag' }]
}

const TAG_TONES: Readonly<Record<TagRow['state'], Tone | undefined>> = {
  fresh: undefined,
  due: undefined,
  expired: 'warn',
  moved: 'accent',
  gone: 'bad',
}

function platformBlocks(platforms: readonly PlatformRow[]): Block[] {
  if (platforms.length === 0) return []
  const table: Table = {
    columns: [
      { key: 'platform', title: 'platform', shrink: true },
      { key: 'state', title: 'state' },
      { key: 'layers', title: 'layers here', align: 'right' },
      { key: 'here', title: 'bytes here', align: 'right' },
      { key: 'size', title: 'size', align: 'right' },
      { key: 'digest', title: 'digest', drop: 1 },
    ],
    rows: platforms.map((row) => [
      words(row.platform, 'strong'),
      words(row.state, toneOf(row.state)),
      { text: `${row.layersHere}/${row.layers}`, raw: `${row.layersHere}/${row.layers}` },
      bytes(row.here),
      bytes(row.size),
      digest(row.digest),
    ]),
  }
  return [gap, { kind: 'table', table, row: 'platform' }]
}

function layerBlocks({ platform, digest: manifest }: PlatformRow, layers: readonly LayerRow[]): Block[] {
  if (layers.length === 0) return []
  const table: Table = {
    columns: [
      { key: 'platform', title: '' },
      { key: 'role', title: 'content' },
      { key: 'digest', title: 'digest' },
      { key: 'size', title: 'size', align: 'right' },
      { key: 'here', title: 'here' },
      { key: 'sharedWith', title: 'shared with', shrink: true },
    ],
    rows: layers.map((layer) => [
      { text: '', raw: platform ?? manifest },
      words(layer.role),
      digest(layer.digest),
      bytes(layer.size),
      layer.here ? { text: '✓', raw: 'here', tone: 'good' } : { text: '–', raw: 'absent', tone: 'warn' },
      sharersOf(layer),
    ]),
  }
  return [gap, picture(`layers of ${platform ?? manifest}`, 'dim'), { kind: 'table', table, row: 'layer' }]
}

function sharersOf({ shares, sharedWith }: LayerRow): Cell {
  const [first] = sharedWith
  if (first === undefined) return shares === 0 ? words(undefined) : count(shares)
  const text = shares > 1 ? `${first} and ${shares - 1} more` : first
  return { text: words(text).text, raw: sharedWith.join(' ') }
}

function toneOf(state: PlatformRow['state']): Tone {
  return state === 'complete' ? 'good' : state === 'partial' ? 'warn' : 'dim'
}

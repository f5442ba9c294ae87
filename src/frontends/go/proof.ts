import { AppError } from '../../domain/errors.ts'
import { type Lookup } from './lookup.ts'
import { refusalOf } from './shape.ts'
import type { Tile } from './tile.ts'
import { hashPair, hashRecord, type ReadHash, rootThrough, type TreeHead } from './tree.ts'

/** Rows of the tree in one tile; there is no other height in use. */
const HEIGHT = 8
const FULL = 2 ** HEIGHT
const HASH = 32

/** Reads a tile of hashes. */
export type ReadTile = (tile: Tile) => Promise<Buffer>

/**
 * Proves that a record is in the log with this head, from tiles of that log. Throws AppError `upstream_invalid` when it
 * is not.
 */
export async function requireRecord(
  { id, text }: Lookup,
  head: TreeHead,
  { read, upstream }: { read: ReadTile; upstream: string },
): Promise<void> {
  if (id >= head.size) throw refusalOf(upstream, `record ${id} is not in a log of ${head.size}`)
  const leaf = { hash: hashRecord(Buffer.from(text)), at: id }
  const root = await rootThrough(leaf, head.size, hashReader(head.size, read))
  if (!root.equals(head.hash)) throw refusalOf(upstream, `record ${id} is not the one in the signed log`)
}

/** Hashes of whole subtrees, from the tiles of a log of `size` records. */
function hashReader(size: number, read: ReadTile): ReadHash {
  const tiles = new Map<string, Promise<Buffer>>()
  const tileOf = async (level: number, number: number): Promise<Buffer> => {
    const inRow = Math.floor(size / FULL ** level)
    const width = Math.min(FULL, inRow - number * FULL)
    const id = `${level}/${number}`
    const found = tiles.get(id) ?? read({ height: HEIGHT, level, number, width })
    tiles.set(id, found)
    return await found
  }
  return async (level, index) => {
    const above = level % HEIGHT
    const first = index * 2 ** above
    const tile = await tileOf(Math.floor(level / HEIGHT), Math.floor(first / FULL))
    return hashWithin(tile, first % FULL, 2 ** above)
  }
}

/** The hash over `count` neighbours of a tile. */
function hashWithin(tile: Buffer, first: number, count: number): Buffer {
  if (count === 1) {
    const hash = tile.subarray(first * HASH, (first + 1) * HASH)
    if (hash.length < HASH)
      throw new AppError('upstream_invalid', { detail: { said: 'a tile is too short' } })
    return hash
  }
  const half = count / 2
  return hashPair(hashWithin(tile, first, half), hashWithin(tile, first + half, half))
}

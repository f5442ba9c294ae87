import { createHash } from 'node:crypto'

/** The head of a log (golang.org/x/mod/sumdb/tlog, "Tree"): how many records, and the hash over all of them. */
export interface TreeHead {
  readonly size: number
  readonly hash: Buffer
}

/** Reads the text of a tree note; undefined for what is none. */
export function parseTree(text: string): TreeHead | undefined {
  const [, size = '', hash = ''] =
    /^go\.sum database tree\n(\d{1,15})\n([A-Za-z0-9+/]{43}=)\n/.exec(text) ?? []
  return size === '' ? undefined : { size: Number(size), hash: Buffer.from(hash, 'base64') }
}

/** The hash of one record (RFC 6962 §2.1). */
export function hashRecord(record: Buffer): Buffer {
  return createHash('sha256').update(LEAF).update(record).digest()
}

export function hashPair(left: Buffer, right: Buffer): Buffer {
  return createHash('sha256').update(NODE).update(left).update(right).digest()
}

const LEAF = Buffer.of(0)
const NODE = Buffer.of(1)

/** Where the hash over a whole subtree is stored: 2^level records from index * 2^level on. */
export type ReadHash = (level: number, index: number) => Promise<Buffer>

/**
 * The hash that the tree of `size` records must have if `record` is the one at `at` (RFC 6962 §2.1.1). Whatever
 * `read` gives, the result is the right one only for a record that is in the tree.
 */
export async function rootThrough(
  leaf: { readonly hash: Buffer; readonly at: number },
  size: number,
  read: ReadHash,
): Promise<Buffer> {
  const hashOf = async (from: number, to: number): Promise<Buffer> => {
    const width = to - from
    const isOnPath = from <= leaf.at && leaf.at < to
    if (isOnPath && width === 1) return leaf.hash
    const level = Math.log2(width)
    if (!isOnPath && Number.isInteger(level)) return await read(level, from / width)
    const middle = from + 2 ** (Math.ceil(level) - 1)
    return hashPair(await hashOf(from, middle), await hashOf(middle, to))
  }
  return await hashOf(0, size)
}

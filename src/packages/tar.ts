import { Header, Pax } from 'tar'

/** Tar is made of blocks of so many bytes (POSIX, "pax", ustar interchange format). */
export const BLOCK = 512

/** Two empty blocks end an archive. */
export const END = Buffer.alloc(2 * BLOCK)

const EPOCH = new Date(0)

/** The header of a file that everybody may read, of no time and no owner, so that equal archives are equal bytes. */
export function fileHeader(path: string, size: number): Buffer {
  return headerOf({ path, size, mode: 0o644, type: 'File' })
}

export function folderHeader(path: string): Buffer {
  return headerOf({ path: `${path}/`, size: 0, mode: 0o755, type: 'Directory' })
}

/** Bytes that fill the last block of a file. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK
}

interface HeaderFacts {
  readonly path: string
  readonly size: number
  readonly mode: number
  readonly type: 'File' | 'Directory'
}

/** What the name field of a header holds; longer ones stand in a header of their own before it. */
const LONGEST_NAME = 99

/** Sizes from 8 GiB on do not fit into octal digits and are written in base 256, as GNU tar does. */
function headerOf(facts: HeaderFacts): Buffer {
  const block = Buffer.alloc(BLOCK)
  new Header({ ...facts, uid: 0, gid: 0, mtime: EPOCH, uname: '', gname: '' }).encode(block)
  const { path } = facts
  return path.length <= LONGEST_NAME
    ? block
    : Buffer.concat([new Pax({ path, mtime: EPOCH }).encode(), block])
}

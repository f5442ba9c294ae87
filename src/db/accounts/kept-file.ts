import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import type { Db } from '../open.ts'
import type { KeptFile } from './kept.ts'

export interface Packing<T, P> {
  /** What the name of the index is followed by. */
  readonly suffix: string
  /** Counts up with every change of what is written. */
  readonly format: number
  pack(value: T): P
  /** Throws where it is not what this version packs. */
  unpack(packed: P): T
}

interface Written<P> {
  readonly format: number
  /** Of the index that it is about: another one has other repositories. */
  readonly inode: number
  readonly asOf: number
  readonly tookMs: number
  readonly packed: P
}

/**
 * A file beside the index: whoever looks after a start sees what it was like before, until that is made anew. Any file
 * that is not as it should be is none, and nothing is lost where it cannot be written.
 */
export function createKeptFile<T, P>(packing: Packing<T, P>): KeptFile<T> {
  const { suffix, format } = packing
  const fileOf = (db: Db): string => db.name + suffix
  return {
    exists: (indexFile) => statSync(indexFile + suffix, { throwIfNoEntry: false }) !== undefined,
    load: (db) => {
      try {
        // What another version or program wrote has another format, or cannot be read.
        const written = deserialize(readFileSync(fileOf(db))) as Written<P>
        if (written.format !== format || written.inode !== inodeOf(db)) return undefined
        const { asOf, tookMs, packed } = written
        return { value: packing.unpack(packed), asOf, tookMs }
      } catch {
        return undefined
      }
    },
    save: (db, { value, asOf, tookMs }) => {
      try {
        const packed = packing.pack(value)
        write(fileOf(db), { format, inode: inodeOf(db), asOf, tookMs, packed } satisfies Written<P>)
      } catch {
        // It is made anew after the next start.
      }
    },
  }
}

function inodeOf(db: Db): number {
  return statSync(db.name).ino
}

function write(file: string, content: object): void {
  // The end by which the next start knows what somebody was killed over.
  const half = `${file}.half`
  try {
    writeFileSync(half, serialize(content), { mode: 0o640 })
    renameSync(half, file)
  } catch (error) {
    rmSync(half, { force: true })
    throw error
  }
}

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sha256 } from '../domain/digest.ts'
import type { Layout } from './layout.ts'

const BLOB = /^[0-9a-f]{64}$/

/** The digests that have something in the folder of blobs whose first byte is this; not in any order. */
export async function listBlobs(layout: Layout, first: number): Promise<readonly Sha256[]> {
  const folder = folderOf(first)
  const names = await readdir(join(layout.blobs, folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return []
    throw error
  })
  return names
    .filter((name) => BLOB.test(name) && name.startsWith(folder))
    .map((hex): Sha256 => `sha256:${hex}`)
}

/** Bytes of a blob's file; undefined when there is none. */
export async function sizeOfBlob(layout: Layout, digest: Sha256): Promise<number | undefined> {
  const stats = await stat(layout.blob(digest)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  return stats?.isFile() === true ? stats.size : undefined
}

/** The first bytes of all blobs, those first whose folder changed last. */
export async function foldersByChange(layout: Layout): Promise<readonly number[]> {
  const found = Array.from({ length: 256 }, async (_, first) => {
    const stats = await stat(join(layout.blobs, folderOf(first))).catch(() => undefined)
    return { first, at: stats?.mtimeMs ?? 0 }
  })
  return (await Promise.all(found)).toSorted((a, b) => b.at - a.at).map(({ first }) => first)
}

const folderOf = (first: number): string => first.toString(16).padStart(2, '0')

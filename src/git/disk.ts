import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onDisk } from '../domain/blocks.ts'

/**
 * What all files below a folder take on disk, in bytes. What goes away meanwhile counts as nothing. By their sizes, as for
 * blobs: a file system adds to the blocks of a file when it writes it out, long after it was measured.
 */
export async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    bytes += entry.isDirectory() ? await bytesIn(path) : await bytesOf(path)
  }
  return bytes
}

async function bytesOf(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined)
  return stats === undefined ? 0 : onDisk(stats.size)
}

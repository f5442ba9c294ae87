import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What all files below a folder take on disk, in bytes. What goes away meanwhile counts as nothing. */
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
  return stats === undefined ? 0 : stats.blocks * 512
}

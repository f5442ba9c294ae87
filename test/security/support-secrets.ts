import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The bytes of every file of a data folder, the index with its log and the blobs too, as one text. */
export async function filesText(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))
  return [...files, ...texts].join('\n')
}

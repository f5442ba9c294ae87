import { constants } from 'node:fs'
import {
  chmod,
  copyFile,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isGone, type Taken, type Target } from './target.ts'

export const MANIFEST = 'backup.json'
const INDEX = 'cachalot.db'
const UNFINISHED = '{ "cachalot": "unfinished" }\n'

/** What a folder is before a backup goes into it. */
export type Place = 'new' | 'backup' | 'other'

/** Whether a folder is new or empty, holds a backup, or something else. */
export async function placeOf(folder: string): Promise<Place> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isGone(error)) return []
    throw error
  })
  if (names.length === 0) return 'new'
  const said = await readFile(join(folder, MANIFEST), 'utf8').catch(() => '')
  return said.includes('"cachalot"') ? 'backup' : 'other'
}

/**
 * A backup as a folder that looks like a data folder. One that is there already is brought up to date: content never
 * changes, so only what is new is copied, and until the end the old index stays.
 */
export async function openFolder(folder: string): Promise<Target> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  // Until the first one is finished: whoever goes on finds that it is one.
  if ((await sizeOf(join(folder, MANIFEST))) === undefined) await tell(folder, UNFINISHED)
  const index = join(folder, `${INDEX}.new`)
  const taken = new Set<string>()
  return {
    index,
    take: async ({ name, from }, size) => {
      taken.add(name)
      const to = join(folder, name)
      if (size !== undefined && (await sizeOf(to)) === size) return 'kept'
      await mkdir(dirname(to), { recursive: true, mode: 0o700 })
      return await copy(from, to)
    },
    finish: async (manifest) => {
      await rename(index, join(folder, INDEX))
      await tell(folder, manifest)
      await sync(folder)
      await removeContent(folder, taken)
    },
    close: () => rm(index, { force: true }),
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ size }) => size,
    () => undefined,
  )
}

/** Shares the blocks where the file system can. A hard link would change the original's change time, by which the cache tells that nobody wrote to it. */
async function copy(from: string, to: string): Promise<Taken> {
  const half = `${to}.half`
  try {
    await copyFile(from, half, constants.COPYFILE_FICLONE)
  } catch (error) {
    await rm(half, { force: true })
    if (isGone(error)) return 'missing'
    throw error
  }
  await chmod(half, 0o600)
  await sync(half)
  await rename(half, to)
  return 'taken'
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function tell(folder: string, manifest: string): Promise<void> {
  return writeFile(join(folder, MANIFEST), manifest, { mode: 0o600 })
}

/** What an older backup had and this one has not; all of it stays where this one is without content. */
async function removeContent(folder: string, taken: ReadonlySet<string>): Promise<void> {
  const isContent = (name: string): boolean => name.startsWith('blobs/')
  if (![...taken].some(isContent)) return
  for (const entry of await readdir(join(folder, 'blobs'), { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (!entry.isDirectory() && !taken.has(path.slice(folder.length + 1))) await rm(path, { force: true })
  }
}

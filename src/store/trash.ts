import { lstat, readdir, rm, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { onDisk } from '../domain/blocks.ts'
import type { Sha256 } from '../domain/digest.ts'
import { sideBySide } from '../domain/side-by-side.ts'
import { isMissing, moveIfThere, renameIfThere } from './file.ts'
import type { Layout } from './layout.ts'
import { uniqueName } from './unique.ts'

/** Damaged content that was put aside. */
export interface Quarantined {
  readonly name: string
  /** On disk. */
  readonly bytes: number
  readonly at: number
}

/** Where content goes that is no content any more. */
export interface Trash {
  /** Moves a blob into the trash. Synchronous: belongs inside the transaction that removes the row. */
  retire(digest: Sha256): void
  /** As `retire`, for anything below the blobs folder, by its path there. */
  retireFile(path: string): void
  /** As `retire`, for a damaged blob that is kept aside. Returns the bytes on disk that stay, 0 where there was no file. */
  quarantine(digest: Sha256): number
  /** One after the other, whoever asks. */
  emptyTrash(): Promise<void>
  /** What the trash takes on disk, and how many files. */
  trashed(): Promise<{ count: number; bytes: number }>
  /** Oldest first. */
  quarantined(): Promise<readonly Quarantined[]>
  /** How many bytes of disk that freed; 0 where it was gone already. */
  dropQuarantined(file: Quarantined): Promise<number>
}

/**
 * Files that are removed side by side, so that the disk has work while rows of what goes next keep the event loop. Of the
 * four threads that Node has for files one stays for readers: a large file takes long.
 */
const AT_ONCE = 3

export function createTrash(layout: Layout): Trash {
  let emptied: Promise<void> = Promise.resolve()
  const empty = async (): Promise<void> =>
    await sideBySide(await readdir(layout.trash), AT_ONCE, (name) => removeAny(join(layout.trash, name)))

  return {
    retire: (digest) => void renameIfThere(layout.blob(digest), layout.trashed(digest, uniqueName())),
    retireFile: (path) =>
      void renameIfThere(join(layout.blobs, path), join(layout.trash, `${basename(path)}.${uniqueName()}`)),
    quarantine: (digest) => moveIfThere(layout.blob(digest), layout.quarantined(digest, uniqueName())),
    emptyTrash: () => {
      emptied = emptied.then(empty, empty)
      return emptied
    },
    trashed: async () => {
      const files = await filesIn(layout.trash)
      return { count: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) }
    },
    quarantined: async () => (await filesIn(layout.quarantine)).toSorted((a, b) => a.at - b.at),
    dropQuarantined: async ({ name, bytes }) => {
      const path = join(layout.quarantine, name)
      const isThere = (await lstat(path).catch(() => undefined)) !== undefined
      await rm(path, { recursive: true, force: true })
      return isThere ? bytes : 0
    },
  }
}

/** Nearly always a file. A folder may have stood where a blob should: whatever is here goes. */
async function removeAny(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (isMissing(error)) return
    await rm(path, { recursive: true, force: true })
  }
}

async function filesIn(folder: string): Promise<readonly Quarantined[]> {
  const files: Quarantined[] = []
  for (const name of await readdir(folder)) {
    const stats = await lstat(join(folder, name)).catch(() => undefined)
    if (stats !== undefined) files.push({ name, bytes: onDisk(stats.size), at: stats.ctimeMs })
  }
  return files
}

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesIn } from './disk.ts'
import type { Program } from './program.ts'
import { type MirrorState, readState } from './state.ts'

/** Where mirrors lie: data/git/<40 hex>.git, and data/git/new-… while they are made. */
export interface Folders {
  /** Where the mirror of that name lies, whether it is there or not. Names are nothing that a path is made of. */
  of(name: string): string
  /** Every mirror that is whole. What a crash left in the middle goes away first. */
  load(): Promise<readonly Found[]>
  /** An empty repository, not yet where mirrors are. */
  create(): Promise<string>
  /** Takes a new one into its place. */
  place(folder: string, name: string): Promise<void>
  /** Out of the way at once, then off the disk. */
  remove(folder: string): Promise<void>
}

export interface Found {
  readonly folder: string
  readonly state: MirrorState
}

export function createFolders(options: {
  /** data/git */
  readonly root: string
  /** data/trash: what lies there is removed by whoever comes next. */
  readonly trash: string
  readonly program: Program
}): Folders {
  const { root, trash, program } = options
  const of = (name: string): string =>
    join(root, `${createHash('sha256').update(name).digest('hex').slice(0, 40)}.git`)

  const remove = async (folder: string): Promise<void> => {
    const gone = join(trash, `git-${randomBytes(6).toString('hex')}`)
    await rename(folder, gone).catch(unlessMissing)
    await rm(gone, { recursive: true, force: true, maxRetries: 3 })
  }

  const look = async (entry: string): Promise<Found | undefined> => {
    const folder = join(root, entry)
    const state = entry.startsWith('new-') ? undefined : await readState(folder)
    // A folder that somebody copied or renamed is no mirror of that name.
    if (state === undefined || of(state.name) !== folder) {
      await remove(folder)
      return undefined
    }
    if (!(await wasLeftInTheMiddle(folder))) return { folder, state }
    await tidy(folder)
    return { folder, state: { ...state, bytes: await bytesIn(folder) } }
  }

  return {
    of,
    remove,
    load: async () => {
      await mkdir(root, { recursive: true, mode: 0o750 })
      const found: Found[] = []
      for (const entry of await readdir(root, { withFileTypes: true })) {
        // Beside them lies the key that signs links.
        const one = entry.isDirectory() ? await look(entry.name) : undefined
        if (one !== undefined) found.push(one)
      }
      return found
    },
    create: async () => {
      const folder = join(root, `new-${randomBytes(8).toString('hex')}.git`)
      const end = await program.run(['init', '--bare', '--quiet', '--template=', '--', folder])
      if (end.code !== 0) throw new Error(`git init: ${end.said}`)
      return folder
    },
    place: (folder, name) => rename(folder, of(name)),
  }
}

/** Marks that something writes into a mirror. */
export const BUSY = 'cachalot.busy'

async function wasLeftInTheMiddle(folder: string): Promise<boolean> {
  return (await stat(join(folder, BUSY)).catch(() => undefined)) !== undefined
}

/** Takes away what a git that was killed leaves: locks, and packs that were on their way. */
async function tidy(folder: string): Promise<void> {
  const packs = join(folder, 'objects', 'pack')
  for (const name of await readdir(packs).catch(() => []))
    if (/^\.?tmp[_-]/.test(name)) await rm(join(packs, name), { force: true })
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []))
    if (entry.isFile() && /\.(?:lock|keep)$/.test(entry.name))
      await rm(join(entry.parentPath, entry.name), { force: true })
  await rm(join(folder, BUSY), { force: true })
}

/** For `catch`: what is not there is no trouble. */
function unlessMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
}

import { randomBytes } from 'node:crypto'
import { copyFile, mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pick, type Random } from './kill-random.ts'
import { blobFile, blobFiles } from './support.ts'

/** Bytes on disk of every file that is put somewhere. */
const BYTES = 8192
const LONG_AGO = new Date('2020-01-01T00:00:00Z')

const someHex = (): string => randomBytes(32).toString('hex')

/** What a crash, a power cut or somebody with a shell may leave in a data folder. Returns the bytes it added. */
type Mess = (dataDir: string, random: Random) => Promise<number>

async function put(path: string): Promise<number> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, randomBytes(BYTES))
  // Nobody has touched it for long.
  await utimes(path, LONG_AGO, LONG_AGO)
  return BYTES
}

const MESSES: readonly Mess[] = [
  // Named like content that it is not.
  (dataDir) => put(blobFile(dataDir, `sha256:${someHex()}`)),
  (dataDir) => put(join(dirname(blobFile(dataDir, `sha256:${someHex()}`)), 'notes.txt')),
  (dataDir) => put(join(dataDir, 'blobs', 'sha256', 'elsewhere')),
  (dataDir) => put(join(dataDir, 'parts', `sha256-${someHex()}`)),
  (dataDir) => put(join(dataDir, 'parts', `sha256-${someHex()}.${someHex()}`)),
  (dataDir) => put(join(dataDir, 'parts', `document-${someHex()}`)),
  (dataDir) => put(join(dataDir, 'trash', `${someHex()}.1`)),
  async (dataDir) => (await put(join(dataDir, 'cachalot.db.snapshot.7.half'))) - BYTES,
  async (dataDir) => (await put(join(dataDir, 'cachalot.db.restored'))) - BYTES,
  async (dataDir, random) => {
    const files = await blobFiles(dataDir)
    if (files.length > 0) await rm(pick(random, files).path)
    return 0
  },
]

/** Returns the bytes it added below what counts as content. */
export function makeMess(dataDir: string, random: Random): Promise<number> {
  return pick(random, MESSES)(dataDir, random)
}

/** The index of an earlier release, without rows for what is on disk now, in the place of the one that is there. */
export async function putIndex(dataDir: string, older: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => /^cachalot\.db(-wal|-shm)?$/.test(name))
  for (const name of names) await rm(join(dataDir, name))
  await copyFile(older, join(dataDir, 'cachalot.db'))
}

import { type FileHandle, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A new file: passwords are nobody else's business, not even as hashes. */
const NEW_MODE = 0o600
const STEP_MS = 50
/** A new file that somebody leaves lying for that long was left behind by a crash. */
const LEFT_BEHIND_MS = 5_000

/** The text of the file, empty when there is none. Throws errors of the file system. */
export async function readUsers(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return ''
    throw error
  }
}

/**
 * Replaces the file in one step by what `change` makes of its text; mode and owner stay, links too. The new file is
 * made beside it as `<file>.new`, which only one process at a time can do: so none overwrites what another wrote.
 * Throws errors of the file system and those of `change`; then nothing is changed.
 */
export async function editUsers(file: string, change: (text: string) => string): Promise<void> {
  const target = await realpath(file).catch(() => file)
  const half = `${target}.new`
  const handle = await openAlone(half)
  try {
    await handle.writeFile(change(await readUsers(target)))
    await dressLike(handle, target)
    await handle.sync()
    await rename(half, target)
  } catch (error) {
    await rm(half, { force: true })
    throw error
  } finally {
    await handle.close()
  }
  await syncFolder(dirname(target))
}

/** Waits while another process has it. */
async function openAlone(half: string): Promise<FileHandle> {
  for (let waited = 0; ; waited += STEP_MS) {
    try {
      return await open(half, 'wx', NEW_MODE)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
    await sleep(STEP_MS)
    if (waited >= LEFT_BEHIND_MS) await rm(half, { force: true })
  }
}

/** As the file that it replaces; a new one belongs to whom its folder belongs, who may not be the one who types. */
async function dressLike(handle: FileHandle, like: string): Promise<void> {
  const before = await stat(like).catch(() => undefined)
  const facts = before ?? (await stat(dirname(like)))
  const own = await handle.stat()
  const isOthers = own.uid !== facts.uid || own.gid !== facts.gid
  if (isOthers && (before !== undefined || process.getuid?.() === 0)) await handle.chown(facts.uid, facts.gid)
  if (before !== undefined) await handle.chmod(before.mode & 0o7777)
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function codeOf(error: unknown): string | undefined {
  // Errors of the file system carry a code.
  return (error as NodeJS.ErrnoException).code
}

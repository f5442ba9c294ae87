import { execFile } from 'node:child_process'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Volume {
  /** Its mount point. */
  readonly path: string
  umount(): Promise<void>
}

/** Whether mounting worked; the test is skipped where it is not allowed. */
async function mounted(t: TestContext, args: readonly string[]): Promise<boolean> {
  try {
    await run('mount', [...args])
    return true
  } catch {
    t.skip('needs root to mount a volume')
    return false
  }
}

const umount = async (path: string): Promise<void> => {
  await run('umount', ['-l', path]).catch(() => undefined)
}

/** A folder. Call `remove` in a hook that comes after those of its users. */
export async function mountPoint(): Promise<Volume & { remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'cachalot-volume-'))
  return {
    path,
    umount: () => umount(path),
    remove: async () => {
      await umount(path)
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** Covers a folder with itself, read-only: whoever opens a file from now on may only read it. */
export async function coverReadOnly(t: TestContext, folder: string): Promise<boolean> {
  if (!(await mounted(t, ['--bind', folder, folder]))) return false
  return await mounted(t, ['-o', 'remount,ro,bind', folder])
}

/** Takes the cover away. */
export const uncover = umount

/** An ext4 of `size` bytes in a file, mounted on `path`. */
export async function mountExt4(t: TestContext, path: string, size: number): Promise<boolean> {
  const image = `${path}.img`
  await writeFile(image, '')
  await truncate(image, size)
  try {
    await run('mkfs.ext4', ['-q', '-F', image])
  } catch {
    t.skip('needs mkfs.ext4')
    return false
  } finally {
    t.after(() => rm(image, { force: true }))
  }
  return await mounted(t, ['-o', 'loop,errors=remount-ro', image, path])
}

/** What the kernel does to a disk that fails: nothing can be written any more, by open files neither. */
export async function failWrites(path: string): Promise<void> {
  await run('mount', ['-o', 'remount,abort', path])
}

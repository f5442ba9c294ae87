import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The part of a test's context that is needed to clean up after it. */
export interface Cleanup {
  after(fn: () => Promise<void> | void): void
}

/** A fresh folder that is removed, with all in it, when the test is over. */
export async function tempDir(t: Cleanup, prefix = 'cachalot-test-'): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), prefix))
  t.after(() => rm(path, { recursive: true, force: true, maxRetries: 3 }))
  return path
}

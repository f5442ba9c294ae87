import { isStorageTrouble } from '../db/open.ts'

/** Does what may be left undone where the disk fails, or another process writes at that moment. */
export function unlessTrouble(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!isStorageTrouble(error)) throw error
  }
}

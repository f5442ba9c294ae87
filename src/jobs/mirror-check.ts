import type { AnnexPlace } from '../cache/annex.ts'
import { fileText } from '../domain/file-names.ts'
import type { VerifyProblem } from './problem.ts'

/** As people write it. */
export function mirrorName(name: string): string {
  return fileText({ kind: 'git', repository: name, file: undefined })
}

/** Looks a mirror through; one that is damaged is gone afterwards, or made anew. Rejects with the reason of the signal. */
export function createMirrorCheck(deps: {
  readonly annex: Pick<AnnexPlace, 'check'>
  readonly refetchMirror: (name: string) => Promise<void>
}): (
  name: string,
  how: { readonly signal: AbortSignal; readonly mustRepair: boolean },
) => Promise<VerifyProblem | 'sound' | 'absent'> {
  return async (name, { signal, mustRepair }) => {
    const state = await deps.annex.check(name, signal)
    if (state === 'sound' || state === 'absent') return state
    const names = [mirrorName(name)]
    const found = { digest: mirrorName(name), names, repaired: false }
    if (state === 'unknown') return { ...found, problem: 'unreadable', why: 'git could not look it through' }
    if (!mustRepair) return { ...found, problem: 'damaged' }
    try {
      await deps.refetchMirror(name)
      return { ...found, problem: 'damaged', repaired: true }
    } catch (error) {
      signal.throwIfAborted()
      return { ...found, problem: 'damaged', why: error instanceof Error ? error.message : String(error) }
    }
  }
}

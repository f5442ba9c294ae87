import { hintFor, wordsFor } from '../../parts/problem.tsx'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'

/** Does something and says so, or says what went wrong. Settles with whether it was done. */
export async function act(work: () => Promise<unknown>, done?: string): Promise<boolean> {
  try {
    await work()
    if (done !== undefined) toast(done)
    return true
  } catch (error) {
    const failure = asFailure(error)
    toast([wordsFor(failure), hintFor(failure)].filter(Boolean).join(' '), { tone: 'bad' })
    return false
  }
}

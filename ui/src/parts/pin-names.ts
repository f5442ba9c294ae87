import { ask } from '../api.ts'
import { asFailure } from '../resource.ts'
import { w } from '../words/words.ts'
import { wordsFor } from './problem.tsx'
import { toast } from './toasts.tsx'

/** Pins them, and offers to take that back. */
export async function pinNames(names: readonly string[]): Promise<void> {
  await ask('PUT /pins', { match: names })
  toast(w().images.pinned(names.length), {
    action: {
      label: w().evict.undoNow,
      run: () =>
        void ask('DELETE /pins', { match: names }).then(
          () => toast(w().images.unpinned),
          (error: unknown) => toast(wordsFor(asFailure(error)), { tone: 'bad' }),
        ),
    },
  })
}

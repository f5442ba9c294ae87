import type { Index } from '../db/index.ts'
import type { Store } from '../store/store.ts'
import type { VerifyProblem } from './problem.ts'

/** Files that nothing leads to take room and do no harm; `take` takes them away. */
export async function strayFiles(
  { index, store }: { readonly index: Index; readonly store: Store },
  take: boolean,
): Promise<VerifyProblem[]> {
  const { files } = await index.clerk.ask('strays', { blobs: store.layout.blobs })
  const problems: VerifyProblem[] = []
  for (const { digest, path } of files) {
    const isStray = await index.transact(() => {
      // It may have left with its row since it was listed.
      const lost = digest === undefined || (index.blobs.find(digest) === undefined && store.hasFile(digest))
      if (lost && take) store.retireFile(path)
      return lost
    })
    if (isStray) problems.push({ digest: digest ?? path, problem: 'stray', names: [], repaired: take })
  }
  if (take) await store.emptyTrash()
  return problems
}

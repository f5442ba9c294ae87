import { ask } from '../../api.ts'
import { usePageKeys } from '../../keys.ts'
import { imageHref } from '../../parts/place.ts'
import { wordsFor } from '../../parts/problem.tsx'
import { copyPull } from '../../parts/pull-line.ts'
import { toast } from '../../parts/toasts.tsx'
import { asFailure } from '../../resource.ts'
import { BASE, go } from '../../router.ts'

/** Single keys of an image: c copies its pull command, brackets go to the tags beside its own. */
export function useImageKeys(repository: string, reference: string): void {
  const name = `${repository}${reference}`
  const step = async (side: 'before' | 'after'): Promise<void> => {
    if (reference.startsWith('@')) return
    try {
      const { [side]: tag } = await ask('GET /tags/beside', { name })
      if (tag !== undefined) go(imageHref(`${repository}:${tag}`).slice(BASE.length))
    } catch (error) {
      toast(wordsFor(asFailure(error)), { tone: 'bad' })
    }
  }
  usePageKeys({
    c: () => void copyPull(name),
    '[': () => void step('before'),
    ']': () => void step('after'),
  })
}

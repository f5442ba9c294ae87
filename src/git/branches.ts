import type { Clock } from '../domain/clock.ts'
import { createOnce } from './once.ts'
import type { Remote } from './remote.ts'
import type { LsRefs } from './request.ts'
import { type Source, sourceText } from './source.ts'

export interface Listed {
  readonly bytes: Buffer
  /** asked: the server was; joined: somebody else asked it the same; known: within the window. */
  readonly how: 'asked' | 'joined' | 'known'
}

/** Lists of branches as their server has them now, or a window ago where one is configured. */
export interface Branches {
  /** Rejects with AppError. */
  list(source: Source, ask: LsRefs): Promise<Listed>
}

const MOST = 500

export function createBranches(
  remote: Remote,
  { clock, window }: { clock: Clock; window: () => number },
): Branches {
  const once = createOnce<Buffer>()
  const known = new Map<string, { readonly bytes: Buffer; readonly at: number }>()

  const load = async (key: string, source: Source, ask: LsRefs): Promise<Buffer> => {
    const at = clock()
    const bytes = await remote.lsRefs(source, ask)
    known.delete(key)
    if (window() > 0) known.set(key, { bytes, at })
    if (known.size > MOST) known.delete(known.keys().next().value ?? '')
    return bytes
  }

  return {
    list: async (source, ask) => {
      const key = `${sourceText(source)}\0${JSON.stringify(ask)}`
      const last = known.get(key)
      const age = last === undefined ? -1 : clock() - last.at
      if (last !== undefined && age >= 0 && age < window()) return { bytes: last.bytes, how: 'known' }
      const { result, joined } = once.run(key, () => load(key, source, ask))
      return { bytes: await result, how: joined ? 'joined' : 'asked' }
    },
  }
}

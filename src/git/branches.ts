import type { Clock } from '../domain/clock.ts'
import { createCoalesce } from '../domain/coalesce.ts'
import { MIB } from '../domain/units.ts'
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
/** Bytes of all that are remembered: what they are asked for with is the client's choice, and each may be long. */
const MOST_BYTES = 64 * MIB

export function createBranches(
  remote: Remote,
  { clock, window, mostBytes = MOST_BYTES }: { clock: Clock; window: () => number; mostBytes?: number },
): Branches {
  const once = createCoalesce<Buffer>()
  const known = new Map<string, { readonly bytes: Buffer; readonly at: number }>()
  let held = 0

  const forget = (key: string): void => {
    const found = known.get(key)
    if (found === undefined) return
    held -= key.length + found.bytes.length
    known.delete(key)
  }

  const remember = (key: string, bytes: Buffer, at: number): void => {
    forget(key)
    if (window() === 0) return
    known.set(key, { bytes, at })
    held += key.length + bytes.length
    for (const oldest of known.keys()) {
      if (known.size <= MOST && held <= mostBytes) return
      forget(oldest)
    }
  }

  const load = async (key: string, source: Source, ask: LsRefs): Promise<Buffer> => {
    const at = clock()
    const bytes = await remote.lsRefs(source, ask)
    remember(key, bytes, at)
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

import { digestOf, type Sha256 } from '../../domain/digest.ts'
import { AppError } from '../../domain/errors.ts'
import { KIB, MIB } from '../../domain/units.ts'
import { inOrder } from './pages.ts'

/** Reading a shorter list anew costs next to nothing. */
const WORTH_IT = 64 * KIB
/** Bytes of all lists that are remembered, as their upstreams sent them. */
const BUDGET = 8 * MIB

/** A list of tags as its upstream sent it. */
export interface TagList {
  /** In the order of the upstream. */
  readonly names: readonly string[]
  /** In byte order. */
  ordered(): readonly string[]
  /** All of them in byte order, as the answer for a repository of this name. */
  whole(name: string): { readonly bytes: Buffer; readonly digest: Sha256 }
}

export interface TagLists {
  /** Throws AppError `upstream_invalid` for what is no list of tags. */
  read(document: { readonly digest: Sha256; readonly bytes: Buffer }): TagList
}

/** Lists of hundreds of thousands of tags take long to read and to sort: those in demand are remembered. */
export function createTagLists(): TagLists {
  const known = new Map<Sha256, { list: TagList; size: number }>()
  let used = 0
  const remember = (digest: Sha256, list: TagList, size: number): void => {
    known.set(digest, { list, size })
    used += size
    for (const [oldest, { size: freed }] of known) {
      if (used <= BUDGET) break
      known.delete(oldest)
      used -= freed
    }
  }
  return {
    read: ({ digest, bytes }) => {
      const found = known.get(digest)
      if (found !== undefined) {
        known.delete(digest)
        known.set(digest, found)
        return found.list
      }
      const list = createTagList(namesIn(bytes))
      if (bytes.length >= WORTH_IT && bytes.length <= BUDGET) remember(digest, list, bytes.length)
      return list
    },
  }
}

function createTagList(names: readonly string[]): TagList {
  let sorted: readonly string[] | undefined
  let rendered: { name: string; bytes: Buffer; digest: Sha256 } | undefined
  const ordered = (): readonly string[] => (sorted ??= inOrder(names))
  return {
    names,
    ordered,
    whole: (name) => {
      if (rendered?.name !== name) {
        const bytes = Buffer.from(JSON.stringify({ name, tags: ordered() }))
        rendered = { name, bytes, digest: digestOf(bytes) }
      }
      return rendered
    },
  }
}

function namesIn(bytes: Buffer): readonly string[] {
  try {
    // Checked below: only strings are taken.
    const { tags } = JSON.parse(bytes.toString('utf8')) as { tags?: unknown }
    return Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : []
  } catch (error) {
    throw new AppError('upstream_invalid', { message: 'the upstream sent no tag list', cause: error })
  }
}

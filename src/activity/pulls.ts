import { type Clock, SECOND } from '../domain/clock.ts'
import { createPull, type Pull, type PullView } from './pull.ts'
import { type Ongoing, splitName } from './running.ts'

/** Requests that begin later than that after the last one ended are another pull. */
const APART = 10 * SECOND
/** Between two requests of one pull; longer, and people take it for over. */
const QUIET = 3 * SECOND
/** Finished pulls can be seen that long. */
const SHOWN = 30 * SECOND

export interface Pulls {
  /** Puts a request where it belongs, as soon as that is known; again is harmless. */
  begin(ongoing: Ongoing): void
  end(ongoing: Ongoing): void
  /** The youngest first. What `subject` is stays the same from look to look. */
  list(): readonly { readonly subject: object; readonly view: PullView }[]
}

/** Groups requests as people see them: one client pulls one image. At most `most` at a time. */
export function createPulls(clock: Clock, most = 500): Pulls {
  const all = new Set<Pull>()
  /** By client and repository, in the order they began. */
  const byKey = new Map<string, Pull[]>()
  const keys = new WeakMap<Pull, string>()
  let count = 0

  const endOf = (pull: Pull, now: number): number | undefined =>
    !pull.isRunning && (now - pull.lastAt >= QUIET || now < pull.lastAt) ? pull.lastAt : undefined
  const forget = (pull: Pull): void => {
    all.delete(pull)
    const key = keys.get(pull) ?? ''
    const rest = (byKey.get(key) ?? []).filter((other) => other !== pull)
    if (rest.length === 0) byKey.delete(key)
    else byKey.set(key, rest)
  }
  const sweep = (now: number): void => {
    for (const pull of all) {
      const endedAt = endOf(pull, now)
      if (endedAt !== undefined && Math.abs(now - endedAt) > SHOWN) forget(pull)
    }
  }
  const makeRoom = (now: number): void => {
    if (all.size < most) return
    sweep(now)
    // A tenth at once, the finished ones first, so that a flood does not cost a look at all of them each time.
    const least = all.size - Math.floor(most * 0.9)
    const inOrder = [...all].toSorted(
      (a, b) => Number(a.isRunning) - Number(b.isRunning) || a.lastAt - b.lastAt,
    )
    for (const pull of inOrder.slice(0, Math.max(0, least))) forget(pull)
  }
  const enter = (ongoing: Ongoing, key: string, repository: string): Pull => {
    makeRoom(clock())
    const pull = createPull(`p${count++}`, ongoing, repository)
    all.add(pull)
    keys.set(pull, key)
    byKey.set(key, [...(byKey.get(key) ?? []), pull])
    return pull
  }
  const place = (ongoing: Ongoing): Pull | undefined => {
    // Nobody else puts anything there.
    if (ongoing.place !== undefined) return ongoing.place as Pull
    const { client, req, notes } = ongoing.running
    if (notes.name === undefined || notes.upstream === undefined) return undefined
    if (notes.kind !== 'manifest' && notes.kind !== 'blob') return undefined
    const { repository, reference } = splitName(notes.name)
    const agent = (req.headers['user-agent'] ?? '').slice(0, 256)
    const key = `${client} ${repository} ${notes.who ?? ''} ${agent}`
    const candidates = byKey.get(key) ?? []
    const found = candidates.findLast(({ startedAt }) => startedAt <= ongoing.startedAt) ?? candidates[0]
    const isOther =
      found === undefined ||
      (!found.isRunning && ongoing.startedAt - found.lastAt > APART) ||
      isOtherTag(found, notes.kind === 'manifest' ? reference : undefined)
    const pull = isOther ? enter(ongoing, key, repository) : found
    ongoing.place = pull
    return pull
  }
  return {
    begin: (ongoing) => {
      const name = ongoing.running.notes.name
      if (name !== undefined) place(ongoing)?.begin(ongoing, splitName(name))
    },
    end: (ongoing) => {
      const name = ongoing.running.notes.name
      if (name !== undefined) place(ongoing)?.end(ongoing, splitName(name), clock())
    },
    list: () => {
      const now = clock()
      sweep(now)
      // Of those that began together the last one comes first too.
      const shown = [...all].filter(({ isPull }) => isPull).toReversed()
      return shown
        .toSorted((a, b) => b.startedAt - a.startedAt)
        .map((pull) => ({ subject: pull, view: pull.view(endOf(pull, now)) }))
    },
  }
}

/** Somebody who asks for another tag pulls another image. Digests may be those behind the tag. */
function isOtherTag({ tag }: Pull, reference: string | undefined): boolean {
  return tag !== undefined && reference !== undefined && !reference.includes(':') && tag !== reference
}

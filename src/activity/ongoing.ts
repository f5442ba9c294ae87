import type { Ongoing, Running } from './running.ts'

interface Link extends Ongoing {
  before: Link | undefined
  after: Link | undefined
}

/**
 * The requests that are being answered. Links between them and no Set: a Set has to make a hash of every object, which
 * is most of what keeping track of a short request would cost.
 */
export interface OngoingList {
  add(running: Running, startedAt: number): Ongoing
  remove(ongoing: Ongoing): void
  list(): Ongoing[]
}

export function createOngoingList(): OngoingList {
  let last: Link | undefined
  return {
    add: (running, startedAt) => {
      const link: Link = { running, startedAt, place: undefined, before: last, after: undefined }
      if (last !== undefined) last.after = link
      last = link
      return link
    },
    remove: (ongoing) => {
      // Only what `add` gave comes back.
      const link = ongoing as Link
      if (link.before !== undefined) link.before.after = link.after
      if (link.after !== undefined) link.after.before = link.before
      if (last === link) last = link.before
      link.before = undefined
      link.after = undefined
    },
    list: () => {
      const all: Ongoing[] = []
      for (let link = last; link !== undefined; link = link.before) all.push(link)
      return all.toReversed()
    },
  }
}

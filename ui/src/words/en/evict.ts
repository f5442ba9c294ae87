import { count } from './common.ts'

const images = (n: number): string => count(n, 'image', 'images')

export const evict = {
  title: (n: number) => `Evict ${images(n)}?`,
  titleUnknown: 'Evict?',
  frees: 'Frees',
  stays: (total: string, kept: string) => `of ${total} in total; ${kept} stays because other images use it`,
  staysNone: (total: string) => `all of it: nothing else uses any of the ${total}`,
  also: 'Also removes',
  alsoTags: (n: number) => count(n, 'tag that points', 'tags that point').concat(' to the same images'),
  skipped: 'Skipped',
  pinned: (n: number) => count(n, 'pinned image', 'pinned images'),
  inUse: (n: number) => `${images(n)} being pulled right now`,
  left: 'Not there',
  notFound: (n: number) => count(n, 'name is', 'names are').concat(' no longer cached'),
  gone: 'Cannot be pulled again',
  goneWhy: (n: number) => `${images(n)} that ${n === 1 ? 'its' : 'their'} upstream no longer has`,
  includeGone: 'Evict these too: they are then gone for good',
  mode: 'When the space becomes free',
  undo: 'In ten minutes, with undo until then',
  now: 'At once, without undo',
  whole: 'This is more than half of everything cached.',
  type: (phrase: string) => `Type “${phrase}” to go on`,
  phrase: (n: number) => `evict ${n}`,
  confirm: (n: number) => `Evict ${images(n)}`,
  nothing: 'Nothing of this can be evicted.',
  evicting: 'Evicting…',
  doneUndo: (n: number, size: string) => `${images(n)} evicted. ${size} will be free in ten minutes.`,
  doneNow: (n: number, size: string) => `${images(n)} evicted, ${size} freed.`,
  leftOver: (n: number) =>
    `${images(n)} ${n === 1 ? 'was' : 'were'} left: changed, pinned or pulled since you looked.`,
  undoNow: 'Undo',
  undone: (n: number) => `${images(n)} ${n === 1 ? 'is' : 'are'} back.`,
  andMore: (n: number) => `and ${n} more`,
  stillPulls: 'What is evicted can be pulled again; it then comes from upstream.',
}

export type EvictWords = typeof evict

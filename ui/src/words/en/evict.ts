import { count } from './common.ts'

const images = (n: number): string => count(n, 'image', 'images')
const tags = (n: number): string => count(n, 'tag', 'tags')
/** Images that go, and tags that go without theirs. */
const things = (n: number, alone: number): string => {
  if (alone === 0) return images(n)
  return n === 0 ? tags(alone) : `${images(n)} and ${tags(alone)}`
}

export const evict = {
  title: (n: number, alone: number) => `Evict ${things(n, alone)}?`,
  titleUnknown: 'Evict?',
  frees: 'Frees',
  stays: (total: string, kept: string) => `of ${total} in total; ${kept} stays because other images use it`,
  staysNone: (total: string) => `all of it: nothing else uses any of the ${total}`,
  also: 'Also removes',
  alsoTags: (n: number) => count(n, 'tag that points', 'tags that point').concat(' to the same images'),
  scope: 'What goes',
  scopes: { images: 'The images, with all their tags', tags: 'Only the chosen tags' },
  alone: 'Tags only',
  aloneTags: (n: number) => `${tags(n)}: ${n === 1 ? 'its image stays' : 'their images stay'}`,
  skipped: 'Skipped',
  pinned: (n: number) => count(n, 'pinned image', 'pinned images'),
  inUse: (n: number) => `${images(n)} being pulled right now`,
  needed: (n: number) => `${images(n)} that ${n === 1 ? 'is' : 'are'} part of others that stay`,
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
  confirm: (n: number, alone: number) => `Evict ${things(n, alone)}`,
  nothing: 'Nothing of this can be evicted.',
  evicting: 'Evicting…',
  doneUndo: (what: string, size: string) => `${what} evicted. ${size} will be free in ten minutes.`,
  doneNow: (what: string, size: string) => `${what} evicted, ${size} freed.`,
  doneTags: (what: string) => `${what} evicted.`,
  things,
  leftOver: (n: number) =>
    `${images(n)} ${n === 1 ? 'was' : 'were'} left: changed, pinned or pulled since you looked.`,
  undoNow: 'Undo',
  undone: (n: number, alone: number) => `${things(n, alone)} ${n + alone === 1 ? 'is' : 'are'} back.`,
  andMore: (n: number) => `and ${n} more`,
  stillPulls: 'What is evicted can be pulled again; it then comes from upstream.',
}

export type EvictWords = typeof evict

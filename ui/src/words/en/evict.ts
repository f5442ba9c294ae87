import { count } from './common.ts'

const images = (n: number): string => count(n, 'image', 'images')
const tags = (n: number): string => count(n, 'tag', 'tags')
/** Images that go, tags that go without theirs, and files. */
const things = (n: number, alone: number, files: number): string => {
  const some = [
    n > 0 || alone + files === 0 ? images(n) : '',
    alone > 0 ? tags(alone) : '',
    files > 0 ? count(files, 'file', 'files') : '',
  ].filter(Boolean)
  return [some.slice(0, -1).join(', '), some.at(-1)].filter(Boolean).join(' and ')
}

export const evict = {
  title: (what: string) => `Evict ${what}?`,
  titleUnknown: 'Evict?',
  frees: 'Frees',
  stays: (total: string, kept: string) =>
    `of ${total} in total; ${kept} stays because something else uses it`,
  staysNone: (total: string) => `all of it: nothing else uses any of the ${total}`,
  also: 'Also removes',
  alsoTags: (n: number) => count(n, 'tag that points', 'tags that point').concat(' to the same images'),
  scope: 'What goes',
  scopes: { images: 'The images, with all their tags', tags: 'Only the chosen tags' },
  alone: 'Tags only',
  aloneTags: (n: number) => `${tags(n)}: ${n === 1 ? 'its image stays' : 'their images stay'}`,
  skipped: 'Skipped',
  pinned: (n: number) => `${n} pinned`,
  inUse: (n: number) => `${n} in use right now`,
  needed: (n: number) => `${images(n)} that ${n === 1 ? 'is' : 'are'} part of others that stay`,
  left: 'Not there',
  notFound: (n: number) => count(n, 'name is', 'names are').concat(' no longer cached'),
  gone: 'Cannot be fetched again',
  goneWhy: (n: number) => `${n} that ${n === 1 ? 'its' : 'their'} upstream no longer has`,
  atOnce: 'No way back',
  atOnceWhy: (n: number) => `${count(n, 'mirror goes', 'mirrors go')} at once: undo brings none back`,
  includeGone: 'Evict these too: they are then gone for good',
  mode: 'When the space becomes free',
  undo: 'In ten minutes, with undo until then',
  now: 'At once, without undo',
  whole: 'This is more than half of everything cached.',
  type: (phrase: string) => `Type “${phrase}” to go on`,
  phrase: (n: number) => `evict ${n}`,
  confirm: (what: string) => `Evict ${what}`,
  nothing: 'Nothing of this can be evicted.',
  evicting: 'Evicting…',
  doneUndo: (what: string, size: string) => `${what} evicted. ${size} will be free in ten minutes.`,
  doneNow: (what: string, size: string) => `${what} evicted, ${size} freed.`,
  doneTags: (what: string) => `${what} evicted.`,
  things,
  leftOver: (n: number) => `${n} ${n === 1 ? 'was' : 'were'} left: changed, pinned or used since you looked.`,
  undoNow: 'Undo',
  undone: (what: string, n: number) => `${what} ${n === 1 ? 'is' : 'are'} back.`,
  andMore: (n: number) => `and ${n} more`,
  stillPulls: 'What is evicted can be fetched again; it then comes from upstream.',
}

export type EvictWords = typeof evict

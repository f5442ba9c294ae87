import { count } from './common.ts'

const imagesOf = (n: number): string => count(n, 'image', 'images')
const tags = (n: number): string => count(n, 'tag', 'tags')
const rows = (n: number): string => count(n, 'row', 'rows')

export const images = {
  title: 'Images',
  search: 'Name, tag, digest or filter',
  searchPlaceholder: 'nginx:1.27 · idle:30d · >100MiB',
  filterTags: 'Filter tags',
  filterTagsPlaceholder: '*alpine · idle:30d · >100MiB',
  views: { label: 'View', repositories: 'Repositories', tree: 'Tree', images: 'Images' },
  filters: 'Filters',
  any: { upstream: 'Any upstream', used: 'Used: any time', size: 'Any size', state: 'Any state' },
  words: {
    'used:1d': 'Used today',
    'used:7d': 'Used within 7 days',
    'idle:7d': 'Idle for 7 days',
    'idle:30d': 'Idle for 30 days',
    'idle:90d': 'Idle for 90 days',
    'pulls<1': 'Never pulled',
    '>100MiB': 'Larger than 100 MiB',
    '>1GiB': 'Larger than 1 GiB',
    'only>100MiB': 'Over 100 MiB only here',
    'only>1GiB': 'Over 1 GiB only here',
    '<10MiB': 'Smaller than 10 MiB',
    complete: 'Complete',
    partial: 'Partly cached',
    replaced: 'Replaced',
    untagged: 'Without a tag',
    pinned: 'Pinned',
    '!pinned': 'Not pinned',
  } as Readonly<Record<string, string>>,
  clear: 'Clear',
  found: {
    repositories: (n: number) => count(n, 'repository', 'repositories'),
    images: imagesOf,
    tags,
  },
  empty: 'Nothing is cached yet',
  emptyMore: 'Images appear here with their first pull.',
  toSetup: 'Set up a client',
  noMatch: 'Nothing matches',
  clearFilters: 'Clear search and filters',
  columns: {
    images: 'Images',
    used: 'Last used',
    platforms: 'Platforms',
    checked: 'Checked',
    why: 'Why it is here',
    kind: 'Kind',
  },
  hints: {
    total: 'What it takes on disk, shared content included',
    onlyHere: 'What evicting it would free: no other image needs it',
    checked: 'When its upstream last said what this tag points to',
  },
  selectOne: (name: string) => `Select ${name}`,
  selectAll: 'Select all shown (Ctrl+A; again: all that match)',
  selected: (n: number) => `${rows(n)} selected`,
  selectRest: (n: number) => `Select all ${rows(n)} that match`,
  frees: (size: string) => `frees ${size}`,
  counting: 'counting…',
  skipped: (pinned: number, inUse: number) =>
    [pinned > 0 ? `${pinned} pinned` : '', inUse > 0 ? `${inUse} being pulled` : '']
      .filter(Boolean)
      .join(' and ')
      .concat(' skipped'),
  gone: (n: number) => `${n} gone upstream`,
  evict: 'Evict…',
  fetchAgain: 'Fetch again',
  fetchHint: 'Asks the upstream',
  pinned: (n: number) => `Pinned ${count(n, 'name', 'names')}.`,
  unpinned: 'No longer pinned.',
  pinning: { short: 'Pinned: never evicted, never expires' },
  fetching: (n: number) => `Fetching ${imagesOf(n)} from upstream…`,
  fetched: (n: number, size: string) => `${imagesOf(n)} fetched, ${size} came from upstream.`,
  tree: { label: 'Images by name', repositories: 'Repositories' },
  repository: {
    tabs: { label: 'What is in it', tags: 'Tags', digests: 'Digests' },
    notCached: 'Nothing of this repository is cached',
    notCachedMore: 'It appears here with its first pull.',
    evictAll: 'Evict repository…',
    copyName: 'Name',
    none: 'No tag is cached',
    noDigests: 'No image without a tag, and no part of one, is cached',
    digestsLead:
      'Images that no tag points to: parts of multi-platform images, and images whose tag moved on.',
    partOf: (n: number) => (n === 1 ? 'part of one image' : `part of ${imagesOf(n)}`),
    replaced: (when: string) => `its tag moved on ${when}`,
    byDigest: 'pulled by digest',
    moreAbsent: (n: number) => `+${n} not cached`,
    alsoTagged: (tag: string) => `Also tagged ${tag}`,
    copyPull: (tag: string) => `Pull command for ${tag}`,
    index: 'multi-platform',
    single: 'image',
    isPinned: 'Pinned',
  },
}

export type ImagesWords = typeof images

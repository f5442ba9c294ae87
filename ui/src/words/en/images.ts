import { count } from './common.ts'

const imagesOf = (n: number): string => count(n, 'image', 'images')
const tags = (n: number): string => count(n, 'tag', 'tags')
const names = (n: number): string => count(n, 'name', 'names')
const rows = (n: number): string => count(n, 'row', 'rows')

export const images = {
  title: 'Images',
  search: 'Name, tag, digest or filter',
  searchPlaceholder: 'nginx:1.27 · idle:30d · >100MiB',
  filterTags: 'Filter tags',
  filterTagsPlaceholder: '*alpine · idle:30d · >100MiB',
  views: { label: 'View', repositories: 'Repositories', tree: 'Tree', images: 'Images' },
  any: {
    upstream: 'Any upstream',
    used: 'Used: any time',
    size: 'Any size',
    platform: 'Any platform',
    state: 'Any state',
  },
  words: {
    'used:1d': 'Used today',
    'used:7d': 'Used within 7 days',
    'idle:7d': 'Idle for 7 days',
    'idle:30d': 'Idle for 30 days',
    'idle:90d': 'Idle for 90 days',
    'pulls<1': 'Never used',
    '>100MiB': 'Larger than 100 MiB',
    '>1GiB': 'Larger than 1 GiB',
    'only>100MiB': 'Over 100 MiB only here',
    'only>1GiB': 'Over 1 GiB only here',
    '<10MiB': 'Smaller than 10 MiB',
    complete: 'Complete',
    partial: 'Partly cached',
    replaced: 'Replaced',
    untagged: 'Without a tag',
    gone: 'Gone upstream',
    moved: 'Newer upstream',
    pinned: 'Pinned',
    '!pinned': 'Not pinned',
  } as Readonly<Record<string, string>>,
  clear: 'Clear',
  look: {
    title: 'View',
    density: 'Rows',
    comfortable: 'Comfortable',
    compact: 'Compact',
    columns: 'Columns',
  },
  export: {
    title: 'Export',
    as: (form: string) => `The whole list as ${form}`,
    reading: (n: number) => `${rows(n)} read…`,
  },
  pullsText: (sum: string, most: string, today: string) =>
    `Pulls per day in the last 30 days: ${sum} in all, ${most} on the busiest day, ${today} today`,
  days: '30 days',
  daysHint: 'Pulls per day in the last 30 days (UTC)',
  pullCopied: 'Pull command copied.',
  found: {
    repositories: (n: number) => count(n, 'repository', 'repositories'),
    images: imagesOf,
    tags,
  },
  moreThan: (found: string) => `More than ${found}`,
  empty: 'Nothing is cached yet',
  emptyMore: 'Images appear here with their first pull.',
  toSetup: 'Set up a client',
  noMatch: 'Nothing matches',
  clearFilters: 'Clear search and filters',
  columns: {
    used: 'Last used',
    platforms: 'Platforms',
    checked: 'Checked',
    why: 'Why it is here',
  },
  hints: {
    total: 'What it takes on disk, shared content included',
    onlyHere: 'What evicting it would free: nothing else needs it',
    checked: 'When its upstream last said what this tag points to',
  },
  selectOne: (name: string) => `Select ${name}`,
  selectAll: 'Select all shown (Ctrl+A; again: all that match)',
  selected: (n: number) => `${rows(n)} selected`,
  selectRest: (n: number) => `Select all ${rows(n)} that match`,
  frees: (size: string) => `frees ${size}`,
  counting: 'counting…',
  skipped: (pinned: number, inUse: number) =>
    [pinned > 0 ? `${pinned} pinned` : '', inUse > 0 ? `${inUse} in use` : '']
      .filter(Boolean)
      .join(' and ')
      .concat(' skipped'),
  gone: (n: number) => `${n} gone upstream`,
  evict: 'Evict…',
  fetchAgain: 'Fetch again',
  fetchHint: 'Asks the upstream',
  check: 'Check upstream',
  checkHint: 'Asks the upstream whether it still has it; costs no pull (R)',
  checkedOne: {
    same: 'The upstream still has this.',
    moved: 'The upstream has something newer under this name.',
    gone: 'The upstream no longer has it.',
    failed: 'The upstream could not say.',
  },
  checked: (same: number, moved: number, gone: number, failed: number) =>
    [
      same > 0 ? `${same} unchanged upstream` : '',
      moved > 0 ? `${moved} newer upstream` : '',
      gone > 0 ? `${gone} gone upstream` : '',
      failed > 0 ? `${failed} could not be checked` : '',
    ]
      .filter(Boolean)
      .join(' · '),
  pinned: (n: number) => `Pinned ${names(n)}.`,
  unpinned: 'No longer pinned.',
  pinning: { short: 'Pinned: never evicted, never expires' },
  fetching: (n: number) => `Fetching ${names(n)} from upstream…`,
  fetched: (n: number, size: string) => `${names(n)} fetched, ${size} came from upstream.`,
  tree: { label: 'Images by name', repositories: 'Repositories' },
  repository: {
    tabs: { label: 'What is in it', tags: 'Tags', digests: 'Digests', activity: 'Activity', usage: 'Usage' },
    usageLead: 'Other repositories that have content of this one. Evicting it frees none of that.',
    sharedBytes: 'In common',
    share: 'Share',
    noUsage: 'No other repository has content of this one',
    usageMore: (n: number) => `and ${count(n, 'repository', 'repositories')} with less in common`,
    fetchTag: 'Fetch tag…',
    fetchTagTitle: 'Fetch a tag',
    fetchTagLead: 'Asks the upstream and keeps what comes, as a pull would.',
    ownPlatform: 'Platform of this server',
    allPlatforms: 'All platforms',
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
    isPinned: 'Pinned',
  },
}

export type ImagesWords = typeof images

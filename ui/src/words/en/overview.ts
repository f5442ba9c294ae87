import { count } from './common.ts'

export const overview = {
  title: 'Overview',
  range: 'Period',
  ranges: { '1h': '1 hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days' },
  stock: (images: string, repositories: string) => `${images} in ${repositories}`,
  attention: {
    title: 'Needs attention',
    error: 'Problem:',
    warn: 'Warning:',
    diskNearlyFull: (p: { used: string; max: string; share: string }) =>
      `The cache holds ${p.used} of ${p.max} (${p.share}). The content used longest ago is evicted when it is full.`,
    volumeNearlyFull: (p: { free: string }) => `Only ${p.free} are free on the volume of the cache.`,
    upstreamDown: (p: { upstream: string }) =>
      `${p.upstream} does not answer. What is cached is served meanwhile.`,
    pullsNearlyUsedUp: (p: { upstream: string; remaining: string; limit: string }) =>
      `${p.upstream}: ${p.remaining} of ${p.limit} pulls left.`,
    certificateExpires: (p: { days: string }) => `The certificate of this server expires ${p.days}.`,
    lastJobFailed: (p: { job: string; error: string }) => `The last run of “${p.job}” failed: ${p.error}`,
    quarantined: (p: { n: number }) =>
      `${count(p.n, 'damaged object was', 'damaged objects were')} put aside. The next pull fetches what is missing.`,
    usersWithOldHashes: (p: { n: number }) =>
      `${count(p.n, 'user has a password', 'users have passwords')} stored with an old hash. Setting it anew mends that.`,
    toCleanup: 'Free space',
    toUpstreams: 'Look at the upstreams',
    toSettings: 'Open the settings',
  },
  disk: {
    title: 'Disk',
    of: (max: string) => `of ${max}`,
    noLimit: 'no limit set',
    meter: (used: string, max: string) => `${used} of ${max} used`,
    evictTo: (to: string) => `Eviction goes down to ${to}`,
    free: (free: string) => `${free} free on the volume`,
    byKind: 'Disk by kind',
    undoable: (size: string) => `${size} of evictions can still be undone`,
  },
  hit: {
    title: 'Hit rate',
    bytes: 'of bytes',
    requests: (share: string) => `${share} of requests`,
    up: (points: string) => `${points} points more than in the period before`,
    down: (points: string) => `${points} points less than in the period before`,
    same: 'as in the period before',
    none: 'Nothing was pulled in this period.',
  },
  saved: {
    title: 'Saved',
    big: 'not fetched',
    served: (size: string, requests: string) => `${size} served in ${requests}`,
    fetched: (size: string, requests: string) => `${size} fetched in ${requests}`,
  },
  active: {
    title: 'Active now',
    pulls: (n: number): string => (n === 1 ? 'pull' : 'pulls'),
    toClients: (rate: string) => `${rate} to clients`,
    fromUpstreams: (rate: string) => `${rate} from upstreams`,
  },
  chart: {
    title: 'Served and fetched',
    served: 'Served to clients',
    fetched: 'Fetched from upstreams',
    asTable: 'Show as table',
    asChart: 'Show as chart',
    step: 'Point in time',
    whole: 'Whole period',
    nothing: 'Nothing was served in this period.',
    summary: (p: { served: string; fetched: string; most: string; at: string; last: string }) =>
      `${p.served} served, ${p.fetched} fetched. Most served in one step: ${p.most}, ${p.at}. Served in the last step: ${p.last}.`,
  },
  upstreams: {
    title: 'Upstreams',
    none: 'No upstream is configured.',
    left: (remaining: string, limit: string) => `${remaining} of ${limit} pulls left`,
    hits: (share: string) => `${share} from the cache`,
  },
  most: { title: 'Most pulled', none: 'Nothing was pulled yet.' },
  biggest: { title: 'Biggest, only here', none: 'Nothing is cached.' },
  idle: { title: 'Unused longest', none: 'Nothing is cached.', never: 'never used' },
  first: {
    title: 'Three steps to the first pull',
    lead: 'Nothing is cached yet. What is pulled through this cache appears here.',
    choose: 'Tell your machine about this cache',
    chooseMore: 'Each client has its own way. Setup writes the files for it.',
    all: 'All clients',
    pull: 'Pull something',
    pullMore: 'Even without any setup, the address in front of a name is enough:',
    line: 'Line for the first pull',
    wait: 'Waiting for the first pull …',
    waitMore: 'This turns by itself as soon as something arrives.',
    running: 'The first pull is running.',
    done: 'It works: the first image is cached.',
    look: 'See the images',
    isDone: 'done',
  },
}

export type OverviewWords = typeof overview

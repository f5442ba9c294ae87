import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImageDetail, ImageRow, Stats } from '../../src/api/contract.ts'
import type { CheckedName } from '../../src/api/contract-contents.ts'
import type { BoundPreview, Evicted } from '../../src/api/contract-evict.ts'
import type { GcReport, VerifyReport } from '../../src/api/contract-work.ts'
import { type Block, renderBlocks } from '../../src/cli/blocks.ts'
import { checkCode, checkTable } from '../../src/cli/commands/check.ts'
import { lookupBlocks } from '../../src/cli/commands/lookup.ts'
import { gcBlocks, gcDone } from '../../src/cli/views/gc.ts'
import { imageBlocks } from '../../src/cli/views/image.ts'
import { imageTable, pinTable } from '../../src/cli/views/lists.ts'
import { dryBlocks, evictedBlocks, previewBlocks } from '../../src/cli/views/removal.ts'
import { statsBlocks } from '../../src/cli/views/stats.ts'
import { verifyBlocks } from '../../src/cli/views/verify.ts'
import { displayWidth } from '../../src/cli/width.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'
import { GIB, MIB } from '../../src/domain/units.ts'
import { PIPE, terminal } from './screens.ts'

const NOW = 1_800_000_000_000
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
const people = (blocks: readonly Block[], columns = 100) =>
  renderBlocks(blocks, terminal(columns)).trimEnd().split('\n')
const programs = (blocks: readonly Block[]) => renderBlocks(blocks, PIPE).trimEnd().split('\n')

const REPORT: GcReport = {
  rows: [
    {
      reason: 'parts',
      text: 'parts of downloads nobody continued',
      objects: 41,
      files: 0,
      mirrors: 0,
      total: 3 * GIB,
      frees: 3 * GIB,
    },
    {
      reason: 'unused',
      text: 'not used for 90 d',
      objects: 1208,
      files: 0,
      mirrors: 0,
      total: 61 * GIB,
      frees: 30 * GIB,
    },
  ],
  objects: 1249,
  frees: 33 * GIB,
  before: 182 * GIB,
  after: 149 * GIB,
  maxSize: 200 * GIB,
  repositories: 1284,
  tags: 9310,
  blobs: 61_204,
  reached: true,
  kept: { pinned: 37, pinnedBytes: 8 * GIB, inUse: 3, young: 0, gone: 0, later: 0 },
  dryRun: true,
  ms: 1800,
}

void test('a plan of gc reads like a bill, and says that nothing was changed', () => {
  assert.deepEqual(people([...gcBlocks(REPORT, '/data'), gcDone(REPORT)], 120), [
    'cache /data   182 GiB of 200 GiB (91 %)   1 284 repositories · 9 310 tags · 61 204 blobs   scanned in 1.8 s',
    'would free, in this order:',
    '  reason                               objects   total   frees',
    '  parts of downloads nobody continued       41   3 GiB   3 GiB',
    '  not used for 90 d                      1 208  61 GiB  30 GiB',
    'kept: 37 pinned (8 GiB) · 3 in use',
    'nothing was changed. run without --dry-run to free 33 GiB.',
  ])
})

void test('programs get the reasons of gc by their names and in bytes', () => {
  assert.deepEqual(programs([...gcBlocks(REPORT, '/data'), gcDone(REPORT)]).slice(0, 2), [
    `reason\tparts\t41\t${3 * GIB}\t${3 * GIB}`,
    `reason\tunused\t1208\t${61 * GIB}\t${30 * GIB}`,
  ])
})

void test('a run of gc says what it freed, and when its goal was out of reach', () => {
  const done = { ...REPORT, dryRun: false, reached: false, ms: 38_000 }
  const lines = people([...gcBlocks(done, '/data'), gcDone(done)], 120)
  assert.ok(lines.includes('the goal is not reached: 149 GiB (74.5 %) would stay at least'))
  assert.equal(lines.at(-1), 'freed 33 GiB in 38 s (1 249 objects) · cache now 149 GiB (74.5 %)')
})

void test('a cache without garbage and without a limit is said in words', () => {
  const none = { ...REPORT, rows: [], objects: 0, frees: 0, maxSize: 0 }
  const lines = people([...gcBlocks(none, '/data'), gcDone(none)], 120)
  assert.match(lines[0] ?? '', /^cache \/data {3}182 GiB {3}1 284/)
  assert.deepEqual(
    [lines[1], lines.at(-1)],
    ['nothing to do', 'nothing was changed, and there is nothing to free.'],
  )
})

const STATS: Stats = {
  disk: {
    path: '/data',
    used: 45 * GIB,
    reserved: GIB,
    maxSize: 50 * GIB,
    evictTo: 45 * GIB,
    minFree: GIB,
    volumeFree: 12 * GIB,
    blobs: 61_204,
    pinned: 37,
    pinnedBytes: 0,
    parts: 5 * MIB,
    index: 30 * MIB,
    upstreams: [
      { upstream: 'docker.io', bytes: 40 * GIB, budget: 0, repositories: 120, tags: 900, files: 0 },
    ],
  },
  repositories: 130,
  tags: 950,
  files: 0,
  since: NOW - DAY,
  traffic: [
    {
      upstream: 'docker.io',
      frontEnd: 'oci',
      requests: 18_204,
      bytes: 400 * GIB,
      hitRequests: 16_202,
      hitBytes: 377 * GIB,
      fetched: 23 * GIB,
      limit: { remaining: 61, limit: 100, window: 6 * HOUR },
    },
  ],
  jobs: [],
}

void test('stats show the disk as a bar, each upstream, and what the cache saved', () => {
  const lines = people(statsBlocks(STATS, { screen: terminal(120), span: '24 h' }), 120)
  assert.equal(lines[0], `cache /data   [${'█'.repeat(25)}▏░░]  45 GiB of 50 GiB (90 %)`)
  assert.match(lines.join('\n'), /volume free {3}12 GiB, of which 1 GiB stay free/)
  assert.match(lines.join('\n'), /docker\.io {3}40 GiB {7}– {11}120 {3}900/)
  assert.match(
    lines.at(-1) ?? '',
    /^docker\.io {5}18 204 {4}400 GiB {5}377 GiB {5}94\.3 % {6}89 % {3}23 GiB {2}61 of 100 in 6 h$/,
  )
})

void test('stats fit 80 columns, and say when the volume is full', () => {
  const full = { ...STATS, disk: { ...STATS.disk, volumeFree: 100 * MIB } }
  const lines = people(statsBlocks(full, { screen: terminal(80), span: '24 h' }), 80)
  for (const row of lines) assert.ok(displayWidth(row) <= 80, row)
  assert.match(lines.join('\n'), /100 MiB, less than the 1 GiB of min_free: nothing new is stored/)
})

void test('stats for programs are values by name', () => {
  const lines = programs(statsBlocks(STATS, { screen: PIPE, span: '24 h' }))
  assert.ok(lines.includes(`used\t${45 * GIB}`))
  assert.ok(lines.includes(`disk\tdocker.io\t${40 * GIB}\t0\t120\t900\t0`))
  assert.ok(lines.some((row) => row.startsWith(`traffic\tdocker.io\t18204\t${400 * GIB}`)))
})

const IMAGE: ImageRow = {
  name: 'docker.io/library/nginx:1.27',
  upstream: 'docker.io',
  repository: 'library/nginx',
  digest: DIGEST,
  tags: ['1.27', 'latest'],
  mediaType: 'application/vnd.oci.image.index.v1+json',
  state: 'partial',
  created: NOW - 9 * DAY,
  platforms: ['linux/amd64', 'linux/arm64'],
  replacedAt: undefined,
  goneAt: undefined,
  moved: false,
  pinned: true,
  total: 71 * MIB,
  onlyHere: 40 * MIB,
  shared: 31 * MIB,
  firstCached: NOW - 3 * DAY,
  lastUsed: NOW - HOUR,
  pulls: 12,
}

void test('images of a list stay on their line, however narrow', () => {
  const untagged = { ...IMAGE, name: `ghcr.io/org/app@${DIGEST}`, tags: [] }
  const table: Block = { kind: 'table', table: imageTable([IMAGE, untagged], NOW) }
  const wide = people([table], 140)
  assert.match(
    wide[1] ?? '',
    /^docker\.io\/library\/nginx:1\.27 {9}1\.27, latest {2}71 MiB {5}40 MiB {2}1 h ago/,
  )
  assert.match(wide[2] ?? '', /^ghcr\.io\/org\/app@sha256:0123456789ab {2}–/)
  for (const columns of [60, 80, 100, 140])
    for (const row of people([table], columns)) assert.ok(displayWidth(row) <= columns, `${columns}: ${row}`)
  assert.deepEqual(programs([table])[0]?.split('\t'), [
    'docker.io/library/nginx:1.27',
    '1.27 latest',
    String(71 * MIB),
    String(40 * MIB),
    '2027-01-15T07:00:00.000Z',
    '12',
    'partial',
    'pinned',
    DIGEST,
    new Date(NOW - 9 * DAY).toISOString(),
    'linux/amd64 linux/arm64',
  ])
})

const DETAIL: ImageDetail = {
  image: IMAGE,
  platforms: [
    {
      platform: 'linux/amd64',
      digest: DIGEST,
      state: 'complete',
      size: 71 * MIB,
      here: 71 * MIB,
      layers: 7,
      layersHere: 7,
    },
    {
      platform: 'linux/arm64',
      digest: 'sha256:b',
      state: 'absent',
      size: 1000,
      here: 0,
      layers: 0,
      layersHere: 0,
    },
  ],
  layers: {
    [DIGEST]: [
      {
        digest: DIGEST,
        mediaType: undefined,
        role: 'config',
        size: 9000,
        here: true,
        sharedWith: [],
        shares: 0,
      },
      {
        digest: DIGEST,
        mediaType: undefined,
        role: 'layer',
        size: 30 * MIB,
        here: false,
        sharedWith: ['ghcr.io/a/b', 'quay.io/c/d'],
        shares: 12,
      },
    ],
  },
  tags: [
    {
      tag: '1.27',
      checkedAt: NOW - HOUR,
      state: 'due',
      goneAt: undefined,
      upstreamDigest: undefined,
      lastUsed: NOW - HOUR,
      pulls: 7,
    },
  ],
}

void test('one image is told with its tags, platforms, layers and who shares them', () => {
  const text = people(imageBlocks(DETAIL, NOW), 100).join('\n')
  assert.match(text, /^docker\.io\/library\/nginx:1\.27\n/)
  assert.match(text, /only here +40 MiB \(what removing it frees\)/)
  assert.match(text, /1\.27 +due +1 h ago +1 h ago +7/)
  assert.match(text, /linux\/arm64 +absent +0\/0 +0 B +1000 B|linux\/arm64 +absent/)
  assert.match(text, /layers of linux\/amd64/)
  assert.match(text, /layer +sha256:0123456789ab +30 MiB +– +ghcr\.io\/a\/b and 11 more/)
  const rows = programs(imageBlocks(DETAIL, NOW))
  assert.ok(
    rows.includes(`layer\tlinux/amd64\tlayer\t${DIGEST}\t${30 * MIB}\tabsent\tghcr.io/a/b quay.io/c/d`),
  )
})

const PREVIEW: BoundPreview = {
  previewId: 'p',
  expiresAt: NOW,
  gone: [],
  count: 1,
  images: [IMAGE],
  files: [],
  atOnce: [],
  objects: 9,
  total: 71 * MIB,
  frees: 40 * MIB,
  sharedKept: 31 * MIB,
  alsoTags: ['docker.io/library/nginx:latest'],
  namesOnly: [],
  pinned: ['docker.io/library/alpine:3'],
  inUse: [],
  needed: [],
  notFound: ['nowhere:1'],
}

void test('a removal says what goes along, what stays and what it frees', () => {
  const text = people([
    ...previewBlocks(PREVIEW, { now: NOW, includeGone: false }),
    ...dryBlocks(PREVIEW),
  ]).join('\n')
  assert.match(text, /also removes: docker\.io\/library\/nginx:latest/)
  assert.match(text, /stays, pinned: docker\.io\/library\/alpine:3/)
  assert.match(text, /not cached: nowhere:1/)
  assert.match(text, /run without --dry-run to free 40 MiB · 31 MiB stay, shared with others$/)
  const done: Evicted = {
    id: '7f3a01',
    at: NOW,
    who: 'local',
    names: [IMAGE.name],
    images: 1,
    objects: 9,
    bytes: 40 * MIB,
    files: 0,
    undoUntil: undefined,
    left: [],
    namesOnly: 0,
  }
  assert.deepEqual(people(evictedBlocks(PREVIEW, done, true)), [
    'removed 1 image, freed 40 MiB · 31 MiB stay, shared with others',
  ])
  const kept = { ...done, undoUntil: NOW, left: [{ name: 'a:1', why: 'changed' as const }] }
  const lines = people(evictedBlocks(PREVIEW, kept, true)).join('\n')
  assert.match(
    lines,
    /^stays: a:1 \(its tags changed\)\nremoved 1 image, 40 MiB are freed at \d\d:\d\d · 31 MiB stay/,
  )
  assert.match(lines, /\nundo until \d\d:\d\d: cachalot undo 7f3a01$/)
  assert.match(
    people(evictedBlocks(PREVIEW, kept, false)).join(' '),
    /removed 1 image; no server runs here: the next one frees 40 MiB, from \d\d:\d\d on/,
  )
})

void test('what cannot be pulled again stays unless it is asked for, and is told either way', () => {
  const preview = { ...PREVIEW, gone: ['docker.io/library/gone:1'] }
  const told = (includeGone: boolean): string =>
    people(previewBlocks(preview, { now: NOW, includeGone })).join('\n')
  assert.match(told(false), /stays, gone upstream \(--include-gone\): docker\.io\/library\/gone:1/)
  assert.match(told(true), /gone upstream, for good: docker\.io\/library\/gone:1/)
})

void test('a check says what each upstream said, and ends with the code of all where they are alike', () => {
  const item = { name: 'docker.io/library/nginx:1.27', digest: DIGEST }
  const other = DIGEST.replace('0', 'f')
  const same: CheckedName = { ...item, state: 'same', upstreamDigest: DIGEST }
  const moved: CheckedName = { ...item, state: 'moved', upstreamDigest: other }
  const gone: CheckedName = { ...item, state: 'gone', upstreamDigest: undefined }
  const failed = (code: string): CheckedName => ({
    ...item,
    state: 'failed',
    upstreamDigest: undefined,
    error: { code, message: 'the upstream failed', hint: '' },
  })
  const lines = people(
    [{ kind: 'table', table: checkTable([same, moved, gone, failed('upstream_failed')]) }],
    120,
  )
  assert.match(lines[2] ?? '', /nginx:1\.27 +moved +sha256:0123456789ab +sha256:f123456789ab/)
  assert.match(lines[4] ?? '', /failed .*the upstream failed/)
  const codes = [
    [same, same],
    [moved],
    [gone],
    [failed('upstream_timeout')],
    [failed('manifest_unknown')],
    [same, gone],
  ]
  assert.deepEqual(codes.map(checkCode), [0, 3, 4, 6, 4, 3])
})

void test('of many images a person sees twenty', () => {
  const many = {
    ...PREVIEW,
    count: 33,
    images: Array.from({ length: 33 }, () => IMAGE),
    pinned: [],
    notFound: [],
    alsoTags: [],
  }
  const lines = people(previewBlocks(many, { now: NOW, includeGone: false }))
  assert.equal(lines.length, 1 + 20 + 1)
  assert.equal(lines.at(-1), '… and 13 more images')
})

void test('a verification says what is wrong in words, and what became of it', () => {
  const report: VerifyReport = {
    blobs: 100,
    bytes: 10 * GIB,
    mirrors: 0,
    ms: 50_000,
    problems: [
      { digest: DIGEST, problem: 'damaged', names: ['docker.io/library/nginx'], repaired: true },
      {
        digest: DIGEST,
        problem: 'missing',
        names: [],
        repaired: false,
        why: 'the upstream does not have it',
      },
    ],
  }
  const lines = people(verifyBlocks(report), 120)
  assert.match(lines[1] ?? '', /sha256:0123456789ab {2}its bytes changed +yes +docker\.io\/library\/nginx/)
  assert.match(lines[2] ?? '', /its file is gone +no: the upstream does not have it/)
  assert.equal(lines.at(-1), '2 problems, 1 repaired: 100 blobs, 10 GiB in 50 s, 204.8 MiB/s')
  assert.deepEqual(people(verifyBlocks({ ...report, problems: [] })), [
    'all is well: 100 blobs, 10 GiB in 50 s, 204.8 MiB/s',
  ])
})

void test('a look-up lists what is missing, pins say where they come from', () => {
  const found = {
    name: 'a',
    cached: 'partial' as const,
    digest: DIGEST,
    here: 1,
    size: 2,
    missing: [{ digest: DIGEST, size: 1 }],
  }
  assert.deepEqual(programs(lookupBlocks(found)), [
    'name\ta',
    'cached\tpartial',
    `digest\t${DIGEST}`,
    'here\t1',
    'size\t2',
    `missing\t${DIGEST}\t1`,
  ])
  const pins = pinTable([
    {
      match: 'alpine:3*',
      origin: 'config',
      reason: undefined,
      until: undefined,
      images: 2,
      files: 1,
      bytes: 5 * MIB,
    },
  ])
  assert.match(
    people([{ kind: 'table', table: pins }])[1] ?? '',
    /^alpine:3\* {2}config\.toml +2 +1 +5 MiB {2}for good {2}–$/,
  )
})

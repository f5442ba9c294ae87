import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HubImage, HubPage, HubTag } from '../../src/api/contract-hub.ts'
import { pullImage } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { startFakeHub } from '../support/fake-hub.ts'
import type { Cleanup } from '../support/temp.ts'
import { type Console, openConsole } from './console.ts'
import { createLab } from './lab.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const image = (architecture: string, size: number) => ({ os: 'linux', architecture, size, digest: DIGEST })

/** A cache that has nginx:1.27, a Docker Hub that has more, and the command line beside it. */
async function startScene(t: Cleanup) {
  const clock = fakeClock(Date.now())
  const web = await startFakeHub(t)
  const { hub, cache } = await startPair(t, { clock, config: { hub: { enabled: true, url: web.url } } })
  const built = hub.addImage('library/nginx', { tags: ['1.27', '1.26'], layers: [1000] })
  await pullImage(cache, built, { repo: 'library/nginx', tag: '1.27' })
  await pullImage(cache, built, { repo: 'library/nginx', tag: '1.26' })
  const about =
    'Official build of Nginx, and a text that goes on for so long that no terminal has room for it'
  web.add({ name: 'nginx', description: about, stars: 20_512, pulls: 12_345_678_901, official: true }, [
    { name: '1.27', digest: built.manifest.digest, images: [image('amd64', 70e6), image('arm64', 68e6)] },
    { name: '1.26', digest: DIGEST, images: [image('amd64', 900)] },
    { name: '1.25-alpine-with-a-name-of-some-length', digest: DIGEST },
  ])
  web.add({ name: 'org/nginx-proxy', description: 'a proxy \u001b[31mred\u001b[0m', stars: 3, pulls: 41_000 })
  clock.advance(60_000)
  const console = await openConsole(t, cache)
  return { clock, web, hub, cache, console }
}

/** Lines as a person on a terminal of 80 columns sees them. */
async function linesOf(console: Console, ...args: string[]): Promise<string[]> {
  const { code, out, err } = await console.seen(...args)
  assert.equal(code, 0, err)
  const lines = (out + err).trimEnd().split('\n')
  for (const line of lines) assert.ok(line.length <= 80, line)
  return lines
}

void test('search shows what Docker Hub has and what is here, in 80 columns', async (t) => {
  const { console } = await startScene(t)
  const [title = '', first = '', second = '', ...rest] = await linesOf(console, 'search', 'nginx')
  assert.match(title, /^name +here +stars +pulls +description$/)
  assert.match(first, /^nginx +yes +20\.5 k +12\.3 B +Official build of Nginx, .*…$/)
  assert.match(second, /^org\/nginx-proxy +3 +41 k +a proxy +\[31mred/)
  assert.deepEqual(rest, [])
  assert.match((await console.run('search', 'nothing')).err, /^no repository matches$/m)
})

void test('tags shows when they were pushed, how large they are, and what moved', async (t) => {
  const { console } = await startScene(t)
  const [title = '', ...rows] = await linesOf(console, 'tags', 'nginx')
  assert.match(title, /^tag +here +pushed +size/)
  assert.match(rows[0] ?? '', /^1\.27 +yes +\d+ d ago +64\.8–66\.8 MiB/)
  assert.match(rows[1] ?? '', /^1\.26 +moved +\d+ d ago +900 B/)
  assert.match(rows[2] ?? '', /^1\.25-alpine/)
  const [, only, more] = await linesOf(console, 'tags', 'docker.io/library/nginx', '--filter', '1.26')
  assert.match(only ?? '', /^1\.26/)
  assert.equal(more, undefined)
})

void test('programs get plain values, and with --json what the API answers', async (t) => {
  const { console, web } = await startScene(t)
  const out = await console.ok('search', 'nginx')
  assert.deepEqual(out.split('\n')[0]?.split('\t').toSpliced(4, 1), [
    'docker.io/library/nginx',
    'yes',
    '20512',
    '12345678901',
    'official',
  ])
  const [row] = (await console.ok('tags', 'nginx')).split('\n')
  assert.deepEqual(row?.split('\t'), [
    '1.27',
    'yes',
    '2025-12-30T08:15:00.123Z',
    '70000000',
    ...(row?.split('\t').slice(4, 5) ?? []),
    'linux/amd64 linux/arm64',
  ])
  const page = await console.json<HubPage<HubImage>>('search', 'nginx')
  assert.deepEqual([page.source, page.items.length], ['hub', 2])
  assert.equal((await console.json<HubPage<HubTag>>('tags', 'nginx')).items[1]?.cached, 'moved')
  assert.equal(web.requests.length, 2)
})

void test('a note tells where an answer is from, and how it goes on', async (t) => {
  const { console, web, clock, cache } = await startScene(t)
  await console.ok('search', 'nginx')
  for (let n = 0; n < 26; n++) web.add({ name: `org/app${n}` })
  assert.match((await console.run('search', 'org', 'app')).err, /^25 of 26 repositories · try: --page 2$/m)
  assert.equal((await console.run('search', 'org', 'app', '--page', '2')).err, '')
  web.mood({ kind: 'status', status: 500 })
  clock.advance(600_000)
  const old = await console.run('search', 'nginx')
  assert.match(old.err, /^as Docker Hub said .*: Docker Hub answered with status 500$/m)
  const own = await console.run('search', 'ngi')
  assert.match(own.err, /^only what is cached here: Docker Hub answered with status 500$/m)
  assert.match(own.out, /^docker\.io\/library\/nginx\tyes\t0\t/m)
  await cache.reload({ config: { hub: { enabled: false } } })
  const off = await console.run('tags', 'nginx', '--quiet')
  assert.deepEqual([off.err, off.out.split('\n').length], ['', 3])
})

void test('what cannot be is said with an exit code of its own', async (t) => {
  const { console } = await startScene(t)
  const codes: Readonly<Record<string, number>> = {
    'search x': 2,
    search: 2,
    'search nginx --page 0': 2,
    'search nginx --page 101': 2,
    'tags ghcr.io/org/app': 2,
    'tags no/such': 4,
  }
  for (const [line, code] of Object.entries(codes))
    assert.equal((await console.run(...line.split(' '))).code, code, line)
  const { err } = await console.run('tags', 'no/such')
  assert.match(err, /Docker Hub does not have docker\.io\/no\/such, or shows it to nobody without a login/)
})

void test('both work without a server', async (t) => {
  const web = await startFakeHub(t)
  web.add({ name: 'app' }, [{ name: '1' }])
  const lab = await createLab(t, `[hub]\nurl = "${web.url}"`)
  lab.hub.addImage('library/app', { tags: ['1'], layers: [1000] })
  await lab.ok('fetch', 'app:1')
  assert.equal(web.requests.length, 0)
  assert.match(await lab.ok('search', 'app'), /^docker\.io\/library\/app\tyes/)
  assert.match(await lab.ok('tags', 'app'), /^1\tyes/)
})

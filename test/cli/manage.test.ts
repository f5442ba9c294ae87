import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ImageDetail, Page, RepositoryRow, Stats } from '../../src/api/contract.ts'
import type { Preview } from '../../src/api/contract-evict.ts'
import type { FetchReport, GcReport } from '../../src/api/contract-work.ts'
import { claimDataFolder } from '../../src/db/owner.ts'
import { fetchAll } from '../support/http.ts'
import { createLab } from './lab.ts'

void test('without a server: fetched, listed, shown, looked up and removed', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1.27'], layers: [300_000, 20_000] })
  const [fetched] = await lab.json<FetchReport[]>('fetch', 'nginx:1.27')
  assert.deepEqual([fetched?.name, fetched?.before], ['docker.io/library/nginx:1.27', 0])
  const list = await lab.json<Page<RepositoryRow>>('ls')
  assert.deepEqual(
    list.items.map(({ name, tags }) => [name, tags]),
    [['docker.io/library/nginx', 1]],
  )
  const detail = await lab.json<ImageDetail>('show', 'nginx:1.27')
  assert.deepEqual([detail.image.state, detail.platforms.length], ['complete', 1])
  assert.match(await lab.ok('lookup', 'nginx:1.27'), /^cached\tcomplete$/m)
  assert.match(await lab.ok('rm', 'nginx:1.27', '--now'), /^removed 1 image, freed \d+(\.\d)? KiB$/m)
  assert.equal((await lab.run('lookup', 'nginx:1.27')).code, 4)
  assert.deepEqual(lab.blobFiles(), [])
  assert.equal(existsSync(join(lab.data, 'cachalot.sock')), false)
})

void test('beside a server: the same commands go through it, and pulls see what they did', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1.27'] })
  const server = await lab.serve()
  const { code, err } = await lab.run('fetch', 'nginx:1.27', '-v')
  assert.equal(code, 0)
  assert.match(err, /via server at .*data\/cachalot\.sock/)
  const pull = async () => fetchAll(`${server.url}/v2/library/nginx/manifests/1.27`)
  assert.equal((await pull()).headers['x-cache'], 'hit')
  assert.equal((await lab.run('rm', 'nginx:1.27', '--quiet')).code, 0)
  assert.equal((await pull()).headers['x-cache'], 'miss')
})

void test('a tag alone: the other one of its image stays, and undo says what is back', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1.27', 'latest'] })
  await lab.ok('fetch', 'nginx:1.27')
  await lab.ok('fetch', 'nginx:latest')
  const only = ['rm', 'nginx:latest', '--tags-only'] as const
  const dry = await lab.ok(...only, '--dry-run')
  assert.match(dry, /^tags alone, their images stay: docker\.io\/library\/nginx:latest$/m)
  assert.match(await lab.ok(...only), /^removed 1 tag$/m)
  assert.equal((await lab.run('lookup', 'nginx:latest')).code, 4)
  assert.match(await lab.ok('lookup', 'nginx:1.27'), /^cached\tcomplete$/m)
  assert.match(await lab.ok('undo'), /^put 1 tag back, 0 B$/m)
  assert.match(await lab.ok(...only, '--now'), /^removed 1 tag$/m)
  assert.match(await lab.ok('rm', 'nginx:1.27', '--tags-only', '--now'), /^removed 1 image, freed /m)
  assert.deepEqual(lab.blobFiles(), [])
})

void test('a partial image and a missing one have exit codes of their own', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1'] })
  const server = await lab.serve()
  await fetchAll(`${server.url}/v2/library/nginx/manifests/1`)
  const partial = await lab.run('lookup', 'nginx:1')
  assert.equal(partial.code, 3)
  assert.match(partial.out, /^cached\tpartial$/m)
  assert.match(partial.out, /^missing\tsha256:/m)
  assert.equal((await lab.run('show', 'nginx:2')).code, 4)
  assert.equal((await lab.run('show', 'Not A Name')).code, 2)
})

void test('a folder that is not there is never made by looking', async (t) => {
  const lab = await createLab(t)
  for (const args of [['ls'], ['stats'], ['gc'], ['verify'], ['rm', 'x:1'], ['pin', 'x:1'], ['pins']]) {
    const { code, err } = await lab.run(...args)
    assert.equal(code, 4, args.join(' '))
    assert.match(err, /error: there is no data folder .* · try: see storage\.path/)
  }
  assert.equal(existsSync(lab.data), false)
  mkdirSync(lab.data)
  assert.match((await lab.run('ls')).err, /holds no cache/)
})

void test('a folder that another process holds in silence is busy', async (t) => {
  const lab = await createLab(t)
  await lab.run('fetch', 'nothing:1')
  const claim = claimDataFolder(join(lab.data, 'cachalot.lock'))
  t.after(() => claim?.release())
  const { code, err } = await lab.run('ls')
  assert.equal(code, 5)
  assert.match(err, /in use by another process/)
})

void test('nothing named is never everything, and many objects need --yes', async (t) => {
  const lab = await createLab(t)
  for (let i = 0; i < 8; i++) lab.hub.addImage(`org/app-${i}`, { tags: ['1'], layers: 2 })
  const server = await lab.serve()
  await lab.ok('fetch', ...Array.from({ length: 8 }, (_, i) => `org/app-${i}:1`))
  assert.equal((await lab.run('rm')).code, 2)
  assert.equal((await lab.run('rm', '--filter', ' ')).code, 2)
  assert.equal((await lab.run('rm', '--filter', 'untaged')).code, 2)
  assert.equal((await lab.run('rm', '--filter', 'untagged')).code, 4)
  const refused = await lab.run('rm', 'org/**')
  assert.deepEqual([refused.code, refused.out], [2, ''])
  assert.match(refused.err, /32 objects.*--yes/)
  assert.equal(lab.blobFiles().length, 32)
  const preview = await lab.json<Preview>('rm', 'org/**', '--dry-run')
  assert.deepEqual([preview.images.length, preview.objects], [8, 32])
  assert.equal(lab.blobFiles().length, 32)
  assert.equal((await lab.run('rm', 'org/**', 'other:1', '--yes', '--now')).code, 3)
  assert.deepEqual(lab.blobFiles(), [])
  server.child.kill()
})

void test('what rm took out comes back with undo, also without a server', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1'] })
  await lab.ok('fetch', 'nginx:1')
  const files = lab.blobFiles().length
  assert.equal((await lab.run('undo')).code, 4)
  const said = await lab.ok('rm', 'nginx:1')
  assert.match(said, /^removed 1 image; no server runs here: the next one frees \d+ KiB, from \d\d:\d\d on$/m)
  const [, id = ''] = /^undo until \d\d:\d\d: cachalot undo ([0-9a-f]{6})$/m.exec(said) ?? []
  assert.equal((await lab.run('lookup', 'nginx:1')).code, 4)
  assert.equal(lab.blobFiles().length, files)
  assert.equal((await lab.run('undo', 'other')).code, 4)
  assert.match(await lab.ok('undo', id), /^put 1 image back, \d+ KiB$/m)
  assert.match(await lab.ok('lookup', 'nginx:1'), /^cached\tcomplete$/m)
  await lab.ok('rm', 'nginx:1')
  await lab.ok('undo')
  await lab.ok('lookup', 'nginx:1')
})

void test('a pin keeps its image, whoever wants it gone', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1'] })
  await lab.ok('fetch', 'nginx:1')
  assert.match(await lab.ok('pin', 'nginx:*', '--dry-run'), /^docker\.io\/library\/nginx:1$/m)
  assert.equal(await lab.ok('pins'), '')
  assert.match(
    await lab.ok('pin', 'nginx:*', '--until', '2d', '--reason', 'r 14'),
    /^docker\.io\/library\/nginx:\*\tuser\t1\t/,
  )
  const { code, out } = await lab.run('rm', 'nginx:1')
  assert.equal(code, 3)
  assert.match(out, /stays, pinned: docker\.io\/library\/nginx:1/)
  assert.equal((await lab.run('gc', '--to', '0', '--grace', '0')).code, 3)
  assert.equal((await lab.run('unpin', 'nginx:9')).code, 4)
  await lab.ok('unpin', 'nginx:*')
  await lab.ok('rm', 'nginx:1')
})

void test('what gc plans is what gc frees', async (t) => {
  const lab = await createLab(t, 'max_size = "10MiB"')
  for (let i = 0; i < 4; i++) lab.hub.addImage(`org/app-${i}`, { tags: ['1'], layers: [200_000] })
  await lab.ok('fetch', ...Array.from({ length: 4 }, (_, i) => `org/app-${i}:1`))
  const goal = ['gc', '--to', '5%', '--grace', '0']
  const plan = await lab.json<GcReport>(...goal, '--dry-run')
  assert.ok(plan.frees > 0 && plan.after <= 0.05 * 10 * 1024 * 1024)
  assert.equal(lab.blobFiles().length, 12)
  const done = await lab.json<GcReport>(...goal)
  assert.deepEqual([done.frees, done.objects, done.after], [plan.frees, plan.objects, plan.after])
  const left = lab.blobFiles().reduce((sum, file) => sum + statSync(file).blocks * 512, 0)
  const { disk } = await lab.json<Stats>('stats')
  assert.deepEqual([disk.used, left], [plan.after, plan.after])
  assert.equal((await lab.run('gc', '--to', '5%', '--free', '1GiB')).code, 2)
  assert.equal((await lab.run('gc', '--to', '500%')).code, 2)
})

void test('verify ends with 8 for damage, and with 0 once it is repaired', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1'], layers: [500_000] })
  await lab.ok('fetch', 'nginx:1')
  assert.match(await lab.ok('verify', '--rate', '100MiB/s'), /^all is well: 3 blobs/m)
  const large = lab.blobFiles().find((file) => statSync(file).size === 500_000)
  assert.ok(large)
  truncateSync(large, 1000)
  const found = await lab.run('verify', '--repair', '--dry-run')
  assert.equal(found.code, 8)
  assert.match(found.out, /^problem\tsha256:[0-9a-f]{64}\tsize\tno/m)
  await lab.ok('fetch', 'nginx:1')
  rmSync(lab.blobFiles().find((file) => statSync(file).size === 500_000) ?? '')
  const { code, out } = await lab.run('verify', 'nginx:1', '--repair')
  assert.equal(code, 0)
  assert.match(out, /1 problem, 1 repaired/)
  assert.equal((await lab.run('verify', 'nginx:9')).code, 4)
})

void test('trouble upstream and names nobody has are told apart', async (t) => {
  const lab = await createLab(t)
  lab.hub.addImage('library/nginx', { tags: ['1'] })
  assert.equal((await lab.run('fetch', 'nginx:2')).code, 4)
  assert.equal((await lab.run('fetch', 'nowhere.example/app:1')).code, 4)
  assert.equal((await lab.run('doctor')).code, 0)
  await lab.hub.stop()
  const { code, err } = await lab.run('fetch', 'nginx:1')
  assert.equal(code, 6)
  assert.match(err, /^error: .* · try: /m)
  const doctor = await lab.run('doctor', '--json')
  assert.equal(doctor.code, 6)
  assert.match(doctor.out, /"name": "connect",\s+"state": "fail"/)
})

void test('lists come as CSV and page by page', async (t) => {
  const lab = await createLab(t)
  for (let i = 0; i < 5; i++) lab.hub.addImage(`org/app-${i}`, { tags: ['1', '2'] })
  await lab.serve()
  await lab.ok('fetch', ...Array.from({ length: 5 }, (_, i) => `org/app-${i}:1`))
  const csv = (await lab.ok('ls', '--tags', '--csv')).split('\n')
  assert.equal(csv[0], 'name,tags,total,onlyHere,lastUsed,pulls,state,pinned,digest,created,platforms')
  assert.equal(csv.length, 7)
  const limited = await lab.run('ls', '--limit', '2', '--sort', '-name')
  assert.deepEqual(
    limited.out.split('\n').map((row) => row.split('\t')[0]),
    ['docker.io/org/app-4', 'docker.io/org/app-3', ''],
  )
  assert.match(limited.err, /2 of 5 repositories · try: --all/)
  assert.equal((await lab.ok('ls', 'app-1')).split('\n').length, 2)
  assert.equal(await lab.ok('ls', '--filter', 'idle:30d'), '')
  assert.equal((await lab.run('ls', '--sort', 'size')).code, 2)
})

void test('gc takes what is for other platforms, or has no tag, as its plan says', async (t) => {
  const lab = await createLab(t)
  lab.hub.addIndex('org/multi', { tags: ['1'], platforms: ['linux/amd64', 'linux/arm64', 'linux/s390x'] })
  await lab.ok('fetch', 'org/multi:1', '--platform', 'all')
  const goal = [
    'gc',
    '--keep-platform',
    'linux/amd64, linux/arm64',
    '--upstream',
    'docker.io',
    '--grace',
    '0',
  ]
  const plan = await lab.json<GcReport>(...goal, '--dry-run')
  assert.deepEqual(
    plan.rows.map(({ reason, objects }) => [reason, objects]),
    [['platform', 4]],
  )
  const done = await lab.json<GcReport>(...goal, '--filter', 'org/multi', '--yes')
  assert.deepEqual([done.frees, done.objects, done.after], [plan.frees, plan.objects, plan.after])
  assert.match(await lab.ok('gc', '--untagged', '--dry-run', '--grace', '0'), /nothing to free/)
  assert.equal((await lab.run('gc', '--untagged', '--idle', '30d')).code, 2)
  assert.equal((await lab.run('gc', '--keep-platform', 'amd64')).code, 2)
  assert.equal((await lab.run('gc', '--idle', '30d', '--filter', 'untagged')).code, 2)
  assert.equal((await lab.run('gc', '--untagged', '--upstream', ',')).code, 2)
})

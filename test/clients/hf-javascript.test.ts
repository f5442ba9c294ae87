import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { MIB } from '../../src/domain/units.ts'
import { addKey } from '../security/access-support.ts'
import { fakeClock } from '../support/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { loadHfJavascript } from '../support/fake-hf-javascript.ts'
import { startHfLab } from '../support/fake-hf-lab.ts'
import { hfFile } from '../support/fake-hf-repos.ts'
import { tempDir } from '../support/temp.ts'

const loaded = await loadHfJavascript()
const skip = loaded === undefined ? '@huggingface/hub is not installed' : false

const WEIGHTS = randomBytesFrom(121, 2 * MIB)
const FILES = {
  'config.json': '{"model_type":"small"}',
  'empty.txt': '',
  'dir/text.txt': 'text',
  'weights.safetensors': { large: WEIGHTS },
}

async function start(t: TestContext, options: Parameters<typeof startHfLab>[1] = {}) {
  assert.ok(loaded)
  const lab = await startHfLab(t, options)
  const commit = lab.hub.publish('models/org/model', FILES)
  return { ...lab, js: loaded, commit, common: { repo: 'org/model', hubUrl: lab.endpoint } }
}

async function assertSnapshot(folder: string): Promise<void> {
  for (const [path, file] of Object.entries(FILES)) {
    const bytes = await readFile(join(folder, path))
    assert.ok(bytes.equals(typeof file === 'string' ? Buffer.from(file) : file.large), path)
  }
}

test('a snapshot, then for somebody else while the hub is down', { skip }, async (t) => {
  const clock = fakeClock()
  const { hub, js, common } = await start(t, { clock })
  hub.pageSize = 3
  await assertSnapshot(await js.snapshotDownload({ ...common, cacheDir: await tempDir(t) }))
  assert.equal(hub.asked(/xet/), 0)
  assert.equal(hub.requests.count({ role: 'cdn' }), 1)
  await hub.stop()
  clock.advance(60 * MINUTE)
  await assertSnapshot(await js.snapshotDownload({ ...common, cacheDir: await tempDir(t) }))
})

test('files one by one: what is there, what has no byte, what is not there', { skip }, async (t) => {
  const { js, common } = await start(t)
  const weights = await js.downloadFile({ ...common, path: 'weights.safetensors' })
  assert.ok(Buffer.from((await weights?.arrayBuffer()) ?? new ArrayBuffer(0)).equals(WEIGHTS))
  assert.equal((await js.downloadFile({ ...common, path: 'empty.txt' }))?.size, 0)
  assert.equal(await js.downloadFile({ ...common, path: 'none.txt' }), null)
  assert.equal(await js.fileExists({ ...common, path: 'config.json' }), true)
  assert.equal(await js.fileExists({ ...common, path: 'none.txt' }), false)
  const info = await js.fileDownloadInfo({ ...common, path: 'weights.safetensors' })
  assert.equal(info?.size, WEIGHTS.length)
  assert.equal(info.etag, `"${hfFile({ large: WEIGHTS }).etag}"`)
  assert.equal(info.xet, undefined)
})

test('slices of a file, several at a time', { skip }, async (t) => {
  const { hub, js, common } = await start(t)
  const blob = await js.downloadFile({ ...common, path: 'weights.safetensors' })
  assert.ok(blob)
  const size = WEIGHTS.length / 8
  const slices = await Promise.all(
    Array.from({ length: 8 }, async (_, i) =>
      Buffer.from(await blob.slice(i * size, (i + 1) * size).arrayBuffer()),
    ),
  )
  assert.ok(Buffer.concat(slices).equals(WEIGHTS))
  assert.equal(hub.requests.count({ role: 'cdn' }), 1)
})

test('lists, paths, commits, and who somebody is', { skip }, async (t) => {
  const { hub, js, common, commit } = await start(t)
  hub.pageSize = 2
  const listed = await Array.fromAsync(js.listFiles({ ...common, recursive: true }))
  assert.deepEqual(
    listed.map(({ path, xetHash }) => [path, xetHash]),
    Object.keys(FILES).map((path) => [path, undefined]),
  )
  const paths = await js.pathsInfo({ ...common, paths: ['config.json', 'weights.safetensors'], expand: true })
  assert.deepEqual(
    paths.map(({ path, xetHash }) => [path, xetHash]),
    [
      ['config.json', undefined],
      ['weights.safetensors', undefined],
    ],
  )
  const commits = await Array.fromAsync(js.listCommits(common))
  assert.deepEqual(
    commits.map(({ oid }) => oid),
    [commit],
  )
  assert.equal((await js.modelInfo({ name: 'org/model', hubUrl: common.hubUrl })).id, '1')
  await js.checkRepoAccess(common)
  const whoever = await js.whoAmI({ accessToken: 'hf_their_own', hubUrl: common.hubUrl })
  assert.equal(whoever.name, 'anonymous')
})

test('gated, forbidden, and a pull key as the access token', { skip }, async (t) => {
  const { hub, cache, js, common } = await start(t, { config: { auth: { anonymous_pull: 'none' } } })
  // Tokens of the hub begin with "hf_", and this client takes no others; a key may stand in the path as well.
  const key = await addKey(cache, 'robot')
  const hubUrl = common.hubUrl.replace('/hf', `/k/${key}/hf`)
  await assertSnapshot(await js.snapshotDownload({ ...common, hubUrl, cacheDir: await tempDir(t) }))
  await assert.rejects(js.downloadFile({ ...common, path: 'config.json' }), { statusCode: 401 })
  hub.publish('models/org/gated', FILES)
  hub.repo('models/org/gated').access = 'gated'
  await assert.rejects(js.downloadFile({ repo: 'org/gated', hubUrl, path: 'config.json' }), {
    statusCode: 403,
    message: /restricted/,
  })
})

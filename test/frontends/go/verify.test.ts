import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DAY, SECOND } from '../../../src/domain/clock.ts'
import { digestOf, hexOf } from '../../../src/domain/digest.ts'
import { MIB } from '../../../src/domain/units.ts'
import { h1OfMod } from '../../../src/frontends/go/h1.ts'
import { moduleKey } from '../../../src/frontends/go/wants.ts'
import { hashZip } from '../../../src/frontends/go/zip-hash.ts'
import { type FakeClock, fakeClock } from '../../support/clock.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'
import { type FakeGo, startFakeGo } from '../../support/fake-go.ts'
import { type GoLab, type GoLabOptions, startGoLab } from '../../support/fake-go-lab.ts'
import { makeZip, moduleZip } from '../../support/fake-go-zip.ts'

const MODULE = 'example.com/a'
const BASE = '/go/example.com/a/@v'

async function start(
  t: TestContext,
  settings: GoLabOptions['settings'] = {},
): Promise<{ go: FakeGo; lab: GoLab; clock: FakeClock }> {
  const clock = fakeClock()
  const go = await startFakeGo(t)
  const upstreams = [
    { name: 'proxy.test', url: go.url },
    { name: 'sum.test', url: go.sumdbUrl },
  ]
  const all = {
    upstreams: [{ name: 'proxy.test', match: [], onError: 'stop' as const }],
    databases: [{ name: 'sum.test', upstream: 'sum.test', key: go.sumdb.key }],
    ...settings,
  }
  return { go, lab: await startGoLab(t, { upstreams, settings: all, clock }), clock }
}

async function hashOf(zip: Buffer): Promise<string> {
  const read = async (buffer: Buffer, position: number) => zip.copy(buffer, 0, position)
  return await hashZip({ size: zip.length, read }, `${MODULE}@v1.0.0/`)
}

const MOD = 'module example.com/a\n'
const ZIP = moduleZip(MODULE, 'v1.0.0', { 'go.mod': MOD, 'a.go': 'package a\n' })
const EVIL = moduleZip(MODULE, 'v1.0.0', { 'go.mod': MOD, 'a.go': 'package evil\n' })

function give(go: FakeGo, zip: Buffer, mod = MOD): void {
  go.answer('/example.com/a/@v/v1.0.0.zip', { body: zip })
  go.answer('/example.com/a/@v/v1.0.0.mod', { body: mod })
}

test('record: the hash of a version is written down, and another one is refused for good', async (t) => {
  const { go, lab, clock } = await start(t)
  give(go, ZIP)
  for (const suffix of ['zip', 'mod']) assert.equal((await lab.get(`${BASE}/v1.0.0.${suffix}`)).status, 200)
  assert.equal(await lab.parts.made.find(moduleKey(MODULE, '@v/v1.0.0.ziphash')), `${await hashOf(ZIP)}\n`)
  assert.equal(
    await lab.parts.made.find(moduleKey(MODULE, '@v/v1.0.0.modhash')),
    `${h1OfMod(Buffer.from(MOD))}\n`,
  )
  give(go, EVIL, 'module example.com/a\n\ngo 1.0\n')
  for (const suffix of ['zip', 'mod']) await lab.evict(moduleKey(MODULE, `@v/v1.0.0.${suffix}`))
  for (let i = 0; i < 2; i++) {
    const mod = await lab.get(`${BASE}/v1.0.0.mod`)
    assert.equal(mod.status, 502)
    assert.match(mod.body.toString(), /example\.com\/a@v1\.0\.0: this is not the mod that was fetched first/)
    const zip = await lab.get(`${BASE}/v1.0.0.zip`)
    assert.ok(zip.status === 502 || !zip.complete)
    assert.ok(!zip.body.equals(EVIL))
    // Then its reason is known, and it is not fetched again only to be refused.
    const asked = go.requests.length
    const again = await lab.get(`${BASE}/v1.0.0.zip`)
    assert.equal(again.status, 502)
    assert.match(
      again.body.toString(),
      /example\.com\/a@v1\.0\.0: this is not the zip that was fetched first/,
    )
    assert.equal(go.requests.length, asked)
    clock.advance(31 * SECOND)
  }
  assert.ok(lab.log.entries.some(({ level, fields }) => level === 'error' && fields['event'] === 'go.hash'))
  give(go, ZIP)
  assert.ok((await lab.get(`${BASE}/v1.0.0.zip`)).body.equals(ZIP))
})

test('the hash of a version stays as long as what it is of is used', async (t) => {
  const { go, lab, clock } = await start(t)
  give(go, ZIP)
  for (const suffix of ['mod', 'zip']) await lab.get(`${BASE}/v1.0.0.${suffix}`)
  const places = async (): Promise<readonly number[]> => {
    await lab.landed()
    lab.parts.flush()
    const order = lab.index.blobs.coldest(10).map(({ digest }) => digest)
    const placeOf = (ref: string): number =>
      order.indexOf(lab.index.entries.find(moduleKey(MODULE, ref))?.digest ?? 'sha256:')
    return ['@v/v1.0.0.mod', '@v/v1.0.0.modhash', '@v/v1.0.0.zip', '@v/v1.0.0.ziphash'].map(placeOf)
  }
  const assertOrder = ([mod = -1, modHash = -1, zip = -1, zipHash = -1]: readonly number[]): void =>
    assert.ok(mod >= 0 && modHash > mod && zip >= 0 && zipHash > zip, [mod, modHash, zip, zipHash].join(' '))
  assertOrder(await places())
  for (const suffix of ['zip', 'mod']) {
    clock.advance(DAY)
    assert.equal((await lab.get(`${BASE}/v1.0.0.${suffix}`)).headers['x-cache'], 'hit')
    assertOrder(await places())
  }
})

test('where it is not kept, a zip is judged all the same, however long it is', async (t) => {
  const rule = [{ effect: 'deny', match: ['go:example.com/**'], actions: ['store'] }]
  const go = await startFakeGo(t)
  const upstreams = [{ name: 'proxy.test', url: go.url }]
  const lab = await startGoLab(t, { upstreams, config: { rule }, clock: fakeClock() })
  const long = moduleZip(MODULE, 'v1.0.0', { 'go.mod': MOD, 'data.bin': randomBytesFrom(92, 9 * MIB) })
  give(go, long)
  const good = await lab.get(`${BASE}/v1.0.0.zip`)
  assert.deepEqual([good.status, good.headers['x-cache']], [200, 'bypass'])
  assert.ok(good.body.equals(long))
  give(go, long.subarray(0, -30))
  assert.equal((await lab.get(`${BASE}/v1.0.0.zip`)).complete, false)
  const again = await lab.get(`${BASE}/v1.0.0.zip`)
  assert.equal(again.status, 502)
  assert.match(again.body.toString(), /a zip that no module may have/)
})

test('zips that no module may have are refused in every mode', async (t) => {
  for (const verify of ['off', 'record'] as const) {
    const { go, lab, clock } = await start(t, { verify })
    const zip = makeZip([{ name: `${MODULE}@v1.0.1/go.mod`, bytes: Buffer.from(MOD) }])
    for (const bad of [zip, Buffer.from('<html>please log in</html>'), ZIP.subarray(0, -30)]) {
      give(go, bad)
      const got = await lab.get(`${BASE}/v1.0.0.zip`)
      assert.ok(got.status === 502 || !got.complete)
      clock.advance(31 * SECOND)
    }
    give(go, ZIP)
    assert.ok((await lab.get(`${BASE}/v1.0.0.zip`)).body.equals(ZIP))
  }
})

test('pages of something in between are not taken for small files', async (t) => {
  const { go, lab } = await start(t)
  const page = '<html>please log in</html>'
  for (const path of ['@v/list', '@latest', '@v/main.info', '@v/v1.0.0.info', '@v/v1.0.0.mod']) {
    go.answer(`/example.com/a/${path}`, { body: page })
    assert.equal((await lab.get(`/go/example.com/a/${path}`)).status, 502, path)
  }
  go.answer('/example.com/a/@v/v1.0.0.info', { body: '{"Version":"v1.0.1"}' })
  assert.equal((await lab.get(`${BASE}/v1.0.0.info`)).status, 502)
  go.answer('/example.com/a/@v/main.info', { body: '{"Version":"v2.0.0"}' })
  assert.equal((await lab.get(`${BASE}/main.info`)).status, 502)
})

test('sumdb: what the signed log says is served, everything else is not', async (t) => {
  const { go, lab } = await start(t, { verify: 'sumdb' })
  give(go, ZIP)
  go.sumdb.add(
    MODULE,
    'v1.0.0',
    `${MODULE} v1.0.0 ${await hashOf(ZIP)}\n${MODULE} v1.0.0/go.mod ${h1OfMod(Buffer.from(MOD))}\n`,
  )
  assert.ok((await lab.get(`${BASE}/v1.0.0.zip`)).body.equals(ZIP))
  assert.equal((await lab.get(`${BASE}/v1.0.0.mod`)).status, 200)
  assert.ok(go.asked(/\/tile\/8\/0\//).length > 0)
  go.answer('/example.com/a/@v/v1.0.1.mod', { body: MOD })
  const unknown = await lab.get(`${BASE}/v1.0.1.mod`)
  assert.equal(unknown.status, 502)
  assert.match(unknown.body.toString(), /is not in sum\.test; if it is private, say so in go\.private/)
})

test('sumdb: a first download that is not what the log says is refused', async (t) => {
  const { go, lab } = await start(t, { verify: 'sumdb' })
  give(go, EVIL, `${MOD}// evil\n`)
  go.sumdb.add(
    MODULE,
    'v1.0.0',
    `${MODULE} v1.0.0 ${await hashOf(ZIP)}\n${MODULE} v1.0.0/go.mod ${h1OfMod(Buffer.from(MOD))}\n`,
  )
  const zip = await lab.get(`${BASE}/v1.0.0.zip`)
  assert.ok(zip.status === 502 || !zip.complete)
  const mod = await lab.get(`${BASE}/v1.0.0.mod`)
  assert.equal(mod.status, 502)
  assert.match(mod.body.toString(), /this is not the mod that sum\.test knows/)
  assert.equal(lab.index.entries.find(moduleKey(MODULE, '@v/v1.0.0.zip')), undefined)
  assert.equal(await lab.parts.made.find(moduleKey(MODULE, '@v/v1.0.0.ziphash')), undefined)
})

test('sumdb: answers of another database, and tiles that do not fit, prove nothing', async (t) => {
  const { go, lab } = await start(t, { verify: 'sumdb' })
  const forger = await startFakeGo(t)
  give(go, EVIL)
  const lines = `${MODULE} v1.0.0 ${await hashOf(EVIL)}\n${MODULE} v1.0.0/go.mod ${h1OfMod(Buffer.from(MOD))}\n`
  forger.sumdb.add(MODULE, 'v1.0.0', lines)
  const lookup = forger.sumdb.answer('/lookup/example.com/a@v1.0.0')
  assert.ok(lookup)
  go.answer('/sumdb/sum.test/lookup/example.com/a@v1.0.0', { body: lookup })
  assert.equal((await lab.get(`${BASE}/v1.0.0.mod`)).status, 502)
  // The right head under a record that is not in that log.
  const head = go.sumdb.answer('/latest')?.toString() ?? ''
  go.answer('/sumdb/sum.test/lookup/example.com/a@v1.0.0', { body: `7\n${lines}\n${head}` })
  assert.equal((await lab.get(`${BASE}/v1.0.0.mod`)).status, 502)
})

test('the files of configured databases are passed on, other databases are nobody', async (t) => {
  const { go, lab } = await start(t)
  go.sumdb.add(MODULE, 'v1.0.0', `${MODULE} v1.0.0 h1:x=\n${MODULE} v1.0.0/go.mod h1:y=\n`)
  assert.equal((await lab.get('/go/sumdb/sum.test/supported')).status, 200)
  assert.equal(go.requests.length, 0)
  const paths = [
    'latest',
    'lookup/example.com/a@v1.0.0',
    'tile/8/0/000',
    'tile/8/0/001.p/45',
    'tile/8/data/001.p/45',
  ]
  for (const path of paths) {
    const cold = await lab.get(`/go/sumdb/sum.test/${path}`)
    assert.deepEqual([cold.status, cold.headers['x-cache']], [200, 'miss'], path)
    assert.ok(cold.body.equals(go.sumdb.answer(`/${path}`) ?? Buffer.alloc(0)))
    assert.equal((await lab.get(`/go/sumdb/sum.test/${path}`)).headers['x-cache'], 'hit')
  }
  assert.equal((await lab.get('/go/sumdb/sum.test/lookup/example.com/b@v1.0.0')).status, 404)
  const asked = go.requests.length
  for (const path of ['sum.golang.org/supported', 'sum.golang.org/latest', '127.0.0.1:80/latest'])
    assert.equal((await lab.get(`/go/sumdb/${path}`)).status, 404, path)
  assert.equal(go.requests.length, asked)
})

test('where clients may go to the database themselves, it is supported only while it answers', async (t) => {
  const { go, lab } = await start(t, { whenUnreachable: 'direct' })
  go.state = 'broken'
  assert.equal((await lab.get('/go/sumdb/sum.test/supported')).status, 404)
  assert.equal((await lab.get('/go/sumdb/sum.test/latest')).status, 502)
  go.state = 'up'
  assert.equal((await lab.get('/go/sumdb/sum.test/supported')).status, 200)
})

test('sumdb: while the database cannot be asked nothing new is served, and what is here is', async (t) => {
  const { go, lab } = await start(t, { verify: 'sumdb' })
  give(go, ZIP)
  const lines = `${MODULE} v1.0.0 ${await hashOf(ZIP)}\n${MODULE} v1.0.0/go.mod ${h1OfMod(Buffer.from(MOD))}\n`
  go.sumdb.add(MODULE, 'v1.0.0', lines)
  const path = '/sumdb/sum.test/lookup/example.com/a@v1.0.0'
  go.answer(path, { status: 500, body: 'on fire' })
  const mod = await lab.get(`${BASE}/v1.0.0.mod`)
  assert.equal(mod.status, 502)
  assert.match(mod.body.toString(), /sum\.test 500/)
  const zip = await lab.get(`${BASE}/v1.0.0.zip`)
  assert.ok(zip.status === 502 || !zip.complete)
  go.answer(path, { body: go.sumdb.answer('/lookup/example.com/a@v1.0.0') ?? '' })
  for (const suffix of ['mod', 'zip']) assert.equal((await lab.get(`${BASE}/v1.0.0.${suffix}`)).status, 200)
  go.state = 'down'
  for (const suffix of ['mod', 'zip'])
    assert.equal((await lab.get(`${BASE}/v1.0.0.${suffix}`)).headers['x-cache'], 'hit')
})

test('whoever wants only what is here brings nothing in that was not judged', async (t) => {
  const { go, lab } = await start(t)
  give(go, ZIP)
  assert.equal((await lab.get(`${BASE}/v1.0.0.zip`)).status, 200)
  await lab.landed()
  // The disk lost what the name leads to.
  const hex = hexOf(digestOf(ZIP))
  await rm(join(lab.dataDir, 'blobs/sha256', hex.slice(0, 2), hex))
  give(go, EVIL)
  const only = { headers: { 'disable-module-fetch': 'true' } }
  for (const options of [only, {}]) {
    const zip = await lab.get(`${BASE}/v1.0.0.zip`, options)
    assert.ok(zip.status !== 200 || !zip.complete)
    assert.ok(!zip.body.equals(EVIL))
  }
})

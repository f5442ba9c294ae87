import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { MINUTE } from '../../src/domain/clock.ts'
import { MIB } from '../../src/domain/units.ts'
import { eventually } from '../e2e/support.ts'
import { settled } from '../frontends/support.ts'
import { addKey } from '../security/access-support.ts'
import { fakeClock } from '../support/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { type HfLab, startHfLab } from '../support/fake-hf-lab.ts'
import { type HfPython, missingHfPython, openHfPython, type PythonRun } from '../support/fake-hf-python.ts'
import { tempDir } from '../support/temp.ts'

const skip = missingHfPython()
const WEIGHTS = randomBytesFrom(111, 3 * MIB)
const FILES = {
  'config.json': '{"model_type":"small"}',
  'empty.txt': '',
  'sub dir/ä.txt': 'text',
  'weights.safetensors': { large: WEIGHTS },
}

/** Prints what lies in the folder that a snapshot is in. */
const SNAPSHOT = `
import hashlib, json, os, sys
from huggingface_hub import snapshot_download
folder = snapshot_download(*sys.argv[1:], **json.loads(os.environ.get('HOW', '{"repo_id": "org/model"}')))
found = {}
for top, _, names in os.walk(folder):
    for name in names:
        path = os.path.join(top, name)
        found[os.path.relpath(path, folder)] = hashlib.sha256(open(path, 'rb').read()).hexdigest()
print(json.dumps(found))
`

const EXPECTED = Object.fromEntries(
  Object.entries(FILES).map(([path, file]) => {
    const bytes = typeof file === 'string' ? file : file.large
    return [path, createHash('sha256').update(bytes).digest('hex')]
  }),
)

async function start(
  t: TestContext,
  options: Parameters<typeof startHfLab>[1] = {},
): Promise<HfLab & { python: HfPython }> {
  const lab = await startHfLab(t, options)
  lab.hub.publish('models/org/model', FILES)
  return { ...lab, python: await openHfPython(t, lab.endpoint) }
}

function linesOf({ code, out, err }: PythonRun): unknown {
  assert.equal(code, 0, err)
  return JSON.parse(out.trim().split('\n').at(-1) ?? '')
}

test('a snapshot, in pages, then for somebody else while the hub is down', { skip }, async (t) => {
  const clock = fakeClock()
  const { hub, endpoint, python } = await start(t, { clock })
  hub.pageSize = 2
  assert.deepEqual(linesOf(await python.run(SNAPSHOT)), EXPECTED)
  assert.equal(hub.asked(/xet|Xet/), 0)
  assert.equal(hub.requests.count({ role: 'cdn', method: 'GET' }), 1)
  await hub.stop()
  clock.advance(60 * MINUTE)
  const other = await openHfPython(t, endpoint)
  assert.deepEqual(linesOf(await other.run(SNAPSHOT)), EXPECTED)
})

test('the same again costs one question, and offline none', { skip }, async (t) => {
  const { hub, cache, endpoint } = await start(t)
  const HF_HOME = await tempDir(t)
  const first = await openHfPython(t, endpoint, { HF_HOME })
  assert.deepEqual(linesOf(await first.run(SNAPSHOT)), EXPECTED)
  hub.requests.clear()
  const before = cache.log.entries.length
  assert.deepEqual(linesOf(await first.run(SNAPSHOT)), EXPECTED)
  assert.equal(hub.requests.count({ method: 'GET' }), 0)
  const asked = cache.log.entries.slice(before).filter(({ fields }) => fields['status'] !== undefined)
  assert.equal(asked.length, 1, JSON.stringify(asked.map(({ fields }) => fields['path'])))
  const offline = await openHfPython(t, 'http://127.0.0.1:9', { HF_HOME, HF_HUB_OFFLINE: '1' })
  assert.deepEqual(linesOf(await offline.run(SNAPSHOT)), EXPECTED)
})

test('a large sparse file, read in parallel ranges while it comes', { skip, timeout: 300_000 }, async (t) => {
  const { hub, cache, python } = await start(t)
  const size = 512 * MIB
  const zeros = Buffer.alloc(MIB)
  const hash = createHash('sha256')
  for (let at = 0; at < size; at += MIB) hash.update(zeros)
  const content = {
    size,
    slice: (from: number, to: number) => zeros.subarray(0, Math.min(MIB, to - from)),
  }
  hub.publish('models/org/sparse', { 'weights.bin': { large: content } }, { hash: hash.digest('hex') })
  const script = `
import json, threading
from huggingface_hub import HfFileSystem, hf_hub_download
whole = threading.Thread(target=lambda: print(hf_hub_download('org/sparse', 'weights.bin')))
whole.start()
files = HfFileSystem()
starts = [i * ${size / 8} for i in range(8)]
parts = files.cat_ranges(['org/sparse/weights.bin'] * 8, starts, [start + ${MIB} for start in starts])
whole.join()
print(json.dumps([len(part) for part in parts if not any(part)]))
`
  assert.deepEqual(
    linesOf(await python.run(script)),
    Array.from({ length: 8 }, () => MIB),
  )
  const sent = hub.requests.bytes({ role: 'cdn' })
  // What lies far ahead of the download is asked for on its own, and more of it is on its way than is read.
  assert.ok(sent < size + 64 * MIB, `${sent} bytes left the hub`)
  await settled(cache, '/hf/org/sparse/resolve/main/weights.bin')
  hub.requests.clear()
  assert.equal((await python.run(script)).code, 0)
  assert.equal(hub.requests.count({ role: 'cdn' }), 0)
})

test('datasets and spaces', { skip }, async (t) => {
  const { hub, endpoint } = await start(t)
  for (const type of ['dataset', 'space']) {
    hub.publish(`${type}s/org/model`, FILES, { branch: 'refs/pr/1' })
    const HOW = JSON.stringify({ repo_id: 'org/model', repo_type: type, revision: 'refs/pr/1' })
    const python = await openHfPython(t, endpoint, { HOW })
    assert.deepEqual(linesOf(await python.run(SNAPSHOT)), EXPECTED, type)
  }
})

test('a download that breaks off is continued', { skip }, async (t) => {
  const { hub, cache, python } = await start(t)
  const bytes = randomBytesFrom(112, 40 * MIB)
  hub.publish('models/org/big', { 'weights.bin': { large: bytes } })
  hub.bandwidth = 12 * MIB
  const running = python.run(`
from huggingface_hub import hf_hub_download
import hashlib, json
path = hf_hub_download('org/big', 'weights.bin')
print(json.dumps(hashlib.sha256(open(path, 'rb').read()).hexdigest()))
`)
  const incomplete = (): number =>
    Math.max(0, ...globSync(join(python.home, 'hf/**/*.incomplete')).map((path) => statSync(path).size))
  await eventually('half of it has come', () => incomplete() >= 20 * MIB, 60_000)
  await cache.restart()
  assert.equal(linesOf(await running), createHash('sha256').update(bytes).digest('hex'))
  const answers = cache.log.entries.filter(
    ({ fields }) => String(fields['name']).endsWith('/weights.bin') && fields['method'] === 'GET',
  )
  assert.deepEqual(
    answers.map(({ fields }) => fields['status']),
    [200, 206],
  )
  const sent = hub.requests.bytes({ role: 'cdn' })
  assert.ok(sent < bytes.length + 4 * MIB, `${sent} bytes left the hub`)
})

test('what is not there, in the exceptions that programs expect', { skip }, async (t) => {
  const { hub, python } = await start(t)
  hub.publish('models/org/gated', FILES)
  hub.repo('models/org/gated').access = 'gated'
  const found = await python.run(`
import json
from huggingface_hub import hf_hub_download, file_exists, HfApi, try_to_load_from_cache
from huggingface_hub.file_download import _CACHED_NO_EXIST
names = []
def attempt(work):
    try:
        names.append(work() or 'nothing')
    except Exception as error:
        names.append(type(error).__name__)
attempt(lambda: hf_hub_download('org/model', 'none.json') and 'found')
attempt(lambda: hf_hub_download('org/model', 'config.json', revision='none') and 'found')
attempt(lambda: hf_hub_download('org/none', 'config.json') and 'found')
attempt(lambda: hf_hub_download('org/gated', 'config.json') and 'found')
attempt(lambda: HfApi().model_info('org/none') and 'found')
attempt(lambda: HfApi().auth_check('org/gated'))
attempt(lambda: HfApi().auth_check('org/model'))
names.append(file_exists('org/model', 'none.json'))
names.append(file_exists('org/model', 'config.json'))
names.append(try_to_load_from_cache('org/model', 'none.json') is _CACHED_NO_EXIST)
print(json.dumps(names))
`)
  assert.deepEqual(linesOf(found), [
    'RemoteEntryNotFoundError',
    'RevisionNotFoundError',
    'RepositoryNotFoundError',
    'GatedRepoError',
    'RepositoryNotFoundError',
    'GatedRepoError',
    'nothing',
    false,
    true,
    true,
  ])
})

test('what programs ask beside files', { skip }, async (t) => {
  const { hub, python } = await start(t)
  hub.publish('models/org/model', FILES, { branch: 'next' })
  const found = await python.run(`
import json
from huggingface_hub import HfApi
api = HfApi(token='hf_their_own_token')
info = api.model_info('org/model', files_metadata=True)
paths = api.get_paths_info('org/model', ['config.json', 'weights.safetensors', 'none'], expand=True)
print(json.dumps([
    info.siblings[3].lfs.size,
    [path.path for path in paths],
    paths[1].last_commit.oid == info.sha,
    [getattr(path, 'xet_hash', None) for path in paths],
    sorted(ref.name for ref in api.list_repo_refs('org/model').branches),
    len(api.list_repo_commits('org/model')),
    [model.id for model in api.list_models(search='small', limit=1)],
    api.whoami()['name'],
    api.repo_exists('org/model'), api.repo_exists('org/none'),
]))
`)
  assert.deepEqual(linesOf(found), [
    WEIGHTS.length,
    ['config.json', 'weights.safetensors'],
    true,
    [null, null],
    ['main', 'next'],
    1,
    ['org/model'],
    'anonymous',
    true,
    false,
  ])
})

test('a pull key as HF_TOKEN, and our own words where there is none', { skip }, async (t) => {
  const { cache, endpoint } = await start(t, { config: { auth: { anonymous_pull: 'none' } } })
  const HF_TOKEN = await addKey(cache, 'robot')
  const python = await openHfPython(t, endpoint, { HF_TOKEN })
  assert.deepEqual(linesOf(await python.run(SNAPSHOT)), EXPECTED)
  const refused = await (await openHfPython(t, endpoint)).run(SNAPSHOT)
  assert.notEqual(refused.code, 0)
  assert.match(refused.err, /set HF_TOKEN to a pull key of this cache/)
})

test('a rule that forbids it says so', { skip }, async (t) => {
  const rule = [{ effect: 'deny', match: ['hf:org/*'], actions: ['pull'] }]
  const { python } = await start(t, { config: { rule } })
  const refused = await python.run(SNAPSHOT)
  assert.notEqual(refused.code, 0)
  assert.match(refused.err, /rule 1 forbids anonymous to pull hf:org\/model/)
})

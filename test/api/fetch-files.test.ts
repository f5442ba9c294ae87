import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import type { Lookup } from '../../src/api/contract.ts'
import type { FetchAsk, FetchReport } from '../../src/api/contract-work.ts'
import { MIB } from '../../src/domain/units.ts'
import { missing } from '../clients/process.ts'
import { apiOf, last } from '../jobs/support.ts'
import type { Cachalot } from '../support/cachalot.ts'
import { type FileLab, startFileLab } from '../support/file-lab.ts'

const LARGE = randomBytes(3 * MIB)

function fetchOf(cache: Cachalot, names: readonly string[], more: Partial<FetchAsk> = {}) {
  return last<readonly FetchReport[]>(apiOf(cache).stream('/fetch', { names, platforms: [], ...more }))
}

async function fetchOne(cache: Cachalot, name: string, more: Partial<FetchAsk> = {}): Promise<FetchReport> {
  const [report] = await fetchOf(cache, [name], more)
  assert.ok(report)
  return report
}

function lookup(cache: Cachalot, name: string): Promise<Lookup> {
  return apiOf(cache).get('/lookup', { name })
}

async function cached(cache: Cachalot, name: string): Promise<string> {
  return (await lookup(cache, name)).cached
}

function publishModel({ hf }: FileLab): string {
  return hf.publish('models/org/model', {
    'config.json': '{"a": 1}',
    'onnx/model.onnx': 'onnx',
    'model.safetensors': { large: LARGE },
  })
}

suite('POST /fetch and GET /lookup of files', () => {
  test('a version of a module: all three of its files, and what leads to it', async (t) => {
    const { go, cache } = await startFileLab(t)
    go.publish({ module: 'example.com/Foo/Bar', version: 'v1.0.0' })
    go.publish({ module: 'example.com/Foo/Bar', version: 'v1.1.0' })
    go.branch('example.com/Foo/Bar', 'main', 'v1.1.0')
    const name = 'go:example.com/Foo/Bar@v1.0.0'
    assert.equal(await cached(cache, name), 'no')
    const report = await fetchOne(cache, name)
    assert.deepEqual([report.name, report.blobs, report.before, report.digest], [name, 3, 0, undefined])
    const found = await lookup(cache, name)
    assert.deepEqual([found.cached, found.here, found.missing], ['complete', report.bytes, []])
    const asked = go.requests.length
    assert.equal((await fetchOne(cache, name)).before, 3)
    assert.equal(go.requests.length, asked, 'nobody was asked again')
    assert.equal((await fetchOne(cache, 'go:example.com/Foo/Bar@main')).name, 'go:example.com/Foo/Bar@v1.1.0')
    assert.equal((await fetchOne(cache, 'go:example.com/Foo/Bar')).name, 'go:example.com/Foo/Bar@v1.1.0')
    go.state = 'down'
    assert.equal(
      await cached(cache, `https://proxy.golang.org/example.com/!foo/!bar/@v/v1.1.0.zip`),
      'complete',
    )
    const { status, headers } = await cache.fetch('/go/example.com/!foo/!bar/@v/v1.0.0.zip')
    assert.deepEqual([status, headers['x-cache']], [200, 'hit'])
  })

  test('of a version that a client has only asked about, its zip is missing', async (t) => {
    const { go, cache } = await startFileLab(t)
    go.publish({ module: 'example.com/m', version: 'v1.0.0' })
    await cache.fetch('/go/example.com/m/@v/v1.0.0.mod')
    const found = await lookup(cache, 'go:example.com/m@v1.0.0')
    assert.equal(found.cached, 'partial')
    assert.deepEqual(
      found.missing.map((one) => one.name),
      ['go:example.com/m/@v/v1.0.0.info', 'go:example.com/m/@v/v1.0.0.zip'],
    )
  })

  test('files of GitHub by address and by name', async (t) => {
    const { github, cache } = await startFileLab(t)
    github.release('Owner/Repo', 'v1.0', 'tool.tgz', LARGE)
    github.latest('Owner/Repo', 'v1.0')
    github.raw('Owner/Repo/main/install.sh', 'echo hello')
    const address = 'https://github.com/Owner/Repo/releases/download/v1.0/tool.tgz'
    const name = 'github:owner/repo/releases/download/v1.0/tool.tgz'
    const report = await fetchOne(cache, address)
    assert.deepEqual([report.name, report.blobs, report.bytes], [name, 1, LARGE.length])
    assert.match(report.digest ?? '', /^sha256:/)
    assert.equal((await fetchOne(cache, name)).before, 1)
    const latest = 'https://github.com/Owner/Repo/releases/latest/download/tool.tgz'
    assert.equal(await cached(cache, latest), 'no', 'nobody knows yet which one that is')
    assert.equal((await fetchOne(cache, latest)).name, name)
    for (const one of [address, name, latest, address.replace('https://', '')])
      assert.deepEqual([(await lookup(cache, one)).name, await cached(cache, one)], [name, 'complete'], one)
    assert.equal(
      (await fetchOne(cache, 'https://github.com/Owner/Repo/blob/main/install.sh')).name,
      'github:owner/repo/raw/main/install.sh',
    )
    const { headers } = await cache.fetch('/https://raw.githubusercontent.com/Owner/Repo/main/install.sh')
    assert.equal(headers['x-cache'], 'hit')
  })

  test('a file of a model by its address, and all of it by its name', async (t) => {
    const lab = await startFileLab(t)
    const { cache, hf } = lab
    const commit = publishModel(lab)
    const config = 'https://huggingface.co/org/model/resolve/main/config.json'
    assert.equal(await cached(cache, config), 'no')
    const one = await fetchOne(cache, config)
    assert.deepEqual([one.name, one.blobs], [`hf:org/model/${commit}/config.json`, 1])
    for (const name of [config, `hf:org/model@main/config.json`, `hf:org/model/${commit}/config.json`])
      assert.equal(await cached(cache, name), 'complete', name)
    assert.equal(await cached(cache, 'hf:org/model'), 'partial')
    hf.pageSize = 1
    const all = await fetchOne(cache, 'hf:org/model')
    assert.deepEqual([all.name, all.blobs, all.before], ['hf:org/model', 3, 1])
    assert.ok(all.bytes > LARGE.length)
    const found = await lookup(cache, 'https://huggingface.co/org/model')
    assert.deepEqual([found.cached, found.here, found.missing], ['complete', all.bytes, []])
    await hf.stop()
    const { status, headers } = await cache.fetch('/hf/org/model/resolve/main/model.safetensors')
    assert.deepEqual([status, headers['x-cache']], [200, 'hit'])
    assert.equal((await cache.fetch('/hf/api/models/org/model/revision/main')).status, 200)
  })

  test('some files of a model, and others that are not let in', async (t) => {
    const lab = await startFileLab(t, { config: { huggingface: { deny_suffixes: ['.safetensors'] } } })
    const { cache } = lab
    publishModel(lab)
    const some = await fetchOne(cache, 'hf:org/model', { include: ['*.json', 'onnx/**'] })
    assert.deepEqual([some.blobs, some.left], [2, undefined])
    const found = await lookup(cache, 'hf:org/model')
    assert.deepEqual(
      [found.cached, found.missing.map(({ size }) => size), found.size - found.here],
      ['partial', [LARGE.length], LARGE.length],
    )
    const all = await fetchOne(cache, 'hf:org/model', { exclude: ['onnx/**'] })
    assert.equal(all.blobs, 1)
    assert.deepEqual(
      all.left?.map(({ name }) => name),
      ['model.safetensors'],
    )
    assert.match(all.left?.[0]?.why ?? '', /deny_suffixes/)
  })

  test('the history of a repository', { skip: missing('git') }, async (t) => {
    const { git, gitHost, cache } = await startFileLab(t)
    const repo = await git.create('owner/repo')
    await repo.commit({ 'a.txt': 'a' })
    const name = `git:${gitHost}/owner/repo`
    assert.equal(await cached(cache, name), 'no')
    const report = await fetchOne(cache, `http://${gitHost}/owner/repo.git`)
    assert.deepEqual([report.name, report.blobs, report.before], [name, 1, 0])
    assert.ok(report.bytes > 0)
    const found = await lookup(cache, name)
    assert.deepEqual([found.cached, found.here], ['complete', report.bytes])
    await repo.commit({ 'b.txt': 'b' })
    const asked = git.asked('fetch').length
    assert.equal((await fetchOne(cache, name)).before, 1)
    assert.equal(git.asked('fetch').length, asked + 1, 'what is new was fetched')
  })

  test('a fetch shares the download of a client, and is no traffic of one', async (t) => {
    const { github, cache } = await startFileLab(t)
    github.release('o/r', 'v1', 'tool.tgz', LARGE)
    const path = '/https://github.com/o/r/releases/download/v1/tool.tgz'
    const [report, pull] = await Promise.all([fetchOne(cache, path.slice(1)), cache.fetch(path)])
    assert.ok(pull.body.equals(LARGE))
    assert.equal(report.bytes, LARGE.length)
    const sent = github.requests
      .list({ role: 'cdn', method: 'GET' })
      .reduce((sum, { bytesSent }) => sum + bytesSent, 0)
    assert.equal(sent, LARGE.length)
    const { traffic } = await apiOf(cache).get('/stats', {})
    const [row] = traffic.filter(({ frontEnd }) => frontEnd === 'github')
    assert.deepEqual([row?.requests, row?.fetched], [1, LARGE.length])
  })

  test('what is wrong is said in plain words', async (t) => {
    const { hf, cache } = await startFileLab(t, {
      config: {
        rule: [
          { effect: 'deny', match: ['github:evil/**'] },
          { effect: 'deny', match: ['hf:big/**'], actions: ['store'] },
        ],
      },
    })
    const problem = async (name: string): Promise<string> => {
      try {
        await fetchOne(cache, name)
        return 'none'
      } catch (error) {
        const { code, message } = error as { code: string; message: string } // as the client of the API throws

        return `${code}: ${message}`
      }
    }
    hf.publish('models/org/secret', { 'a.bin': 'a' })
    hf.repo('models/org/secret').access = 'private'
    assert.match(
      await problem('https://github.com/o/r/releases/download/v1/none.tgz'),
      /^upstream_not_found: the upstream does not have github:o\/r\/releases\/download\/v1\/none\.tgz/,
    )
    assert.match(
      await problem('go:example.com/none@v1.0.0'),
      /^upstream_not_found: .*go:example\.com\/none@v1\.0\.0/,
    )
    assert.match(await problem('hf:org/none'), /^upstream_/)
    assert.match(await problem('hf:org/secret'), /^upstream_/)
    assert.match(await problem('github:evil/tool/raw/main/x'), /^denied: /)
    assert.match(await problem('hf:big/model'), /^denied: a rule forbids to keep hf:big\/model$/)
    assert.match(
      await problem('github:owner/repo'),
      /^bad_request: github:owner\/repo is a repository: .*git:github\.com\/owner\/repo/,
    )
    assert.match(await problem('https://sum.golang.org/lookup/x@v1.0.0'), /^(bad_request|name_invalid): /)
    assert.match(await problem('go:not-a-module@v1.0.0'), /^bad_request: /)
    assert.match(await problem('git:example.org/a/b'), /^name_unknown: /)
  })
})

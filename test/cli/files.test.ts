import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, type TestContext, test } from 'node:test'
import type { Lookup, Page } from '../../src/api/contract.ts'
import type { BoundPreview } from '../../src/api/contract-evict.ts'
import type { FileDetail, FileRow } from '../../src/api/contract-files.ts'
import type { FetchReport } from '../../src/api/contract-work.ts'
import { missing } from '../clients/process.ts'
import { type FileLab, startFileLab } from '../support/file-lab.ts'
import { type Console, openConsole } from './console.ts'
import { createLab } from './lab.ts'

const ASSET = 'https://github.com/Owner/Repo/releases/download/v1.0/tool.tgz'
const MODULE = 'go:golang.org/x/text@v0.3.0'

interface Scene extends FileLab, Console {
  readonly commit: string
}

async function start(t: TestContext, config = {}): Promise<Scene> {
  const lab = await startFileLab(t, { config })
  lab.go.publish({ module: 'golang.org/x/text', version: 'v0.3.0' })
  lab.github.release('Owner/Repo', 'v1.0', 'tool.tgz', randomBytes(300_000))
  const commit = lab.hf.publish('models/org/model', {
    'config.json': '{}',
    'model.safetensors': { large: randomBytes(500_000) },
  })
  return { ...lab, commit, ...(await openConsole(t, lab.cache)) }
}

async function fetchAll({ ok }: Scene): Promise<void> {
  await ok('fetch', MODULE, ASSET, 'hf:org/model')
}

suite('files on the command line', () => {
  test('fetched, listed, shown and looked up', async (t) => {
    const scene = await start(t)
    const { ok, json, run, commit } = scene
    const config = `hf:org/model/${commit}/config.json`
    assert.equal((await run('lookup', ASSET)).code, 4)
    const reports = await json<FetchReport[]>('fetch', MODULE, ASSET, 'hf:org/model')
    assert.deepEqual(
      reports.map(({ name, blobs }) => [name, blobs]),
      [
        [MODULE, 3],
        ['github:owner/repo/releases/download/v1.0/tool.tgz', 1],
        ['hf:org/model', 2],
      ],
    )
    const names = async (...args: string[]) =>
      (await json<Page<FileRow>>('ls', ...args)).items.map(({ name }) => name)
    assert.deepEqual(await names('--files', '--sort', 'name'), [
      'github:owner/repo/releases/download/v1.0/tool.tgz',
      MODULE,
      config,
      `hf:org/model/${commit}/model.safetensors`,
    ])
    assert.deepEqual(await names('--kind', 'go'), [MODULE])
    assert.deepEqual(await names('hf:org/**', '--sort', '-total', '--limit', '1'), [
      `hf:org/model/${commit}/model.safetensors`,
    ])
    assert.deepEqual(await names('--files', '--filter', '>400KB'), [
      `hf:org/model/${commit}/model.safetensors`,
    ])
    assert.match(
      await ok('ls', '--files', '--csv'),
      /^name,total,onlyHere,lastUsed,pulls,state,pinned,firstCached,kind\n/,
    )
    assert.equal((await json<Lookup>('lookup', ASSET)).cached, 'complete')
    const detail = await json<FileDetail>('show', ASSET)
    assert.equal(detail.file.name, 'github:owner/repo/releases/download/v1.0/tool.tgz')
    assert.equal((await json<FileDetail>('show', MODULE)).entries.length, 3)
    const shown = await json<FileDetail>('show', 'https://huggingface.co/org/model/resolve/main/config.json')
    assert.equal(shown.file.name, config)
    assert.match(await ok('stats'), /^files\t4$/m)
  })

  test('what a person sees fits a terminal', async (t) => {
    const scene = await start(t)
    await fetchAll(scene)
    const { seen, commit } = scene
    const runs = [
      await seen('ls', '--files'),
      await seen('ls', 'hf:org/**'),
      await seen('lookup', 'hf:org/model'),
      await seen('fetch', MODULE),
      await seen('rm', 'hf:org/model', '--dry-run'),
      await seen('stats'),
    ]
    for (const { code, out } of runs) {
      assert.equal(code, 0, out)
      for (const line of out.split('\n')) assert.ok(line.length <= 80 || line.startsWith('cache '), line)
    }
    const [list, , lookup, fetched] = runs
    assert.match(
      list?.out ?? '',
      new RegExp(`^hf:org/model/${commit.slice(0, 12)}/config\\.json +4 KiB `, 'm'),
    )
    assert.match(lookup?.out ?? '', /^cached {2}complete\nhere {4}\d/m)
    assert.match(fetched?.out ?? '', /^name +files +cached before +size\n.* 3 +3 +\d+ B\n$/)
    const coloured = await scene.run('ls', '--files', '--color', 'always')
    assert.equal(coloured.code, 0)
  })

  test('taken out with a way back, mixed, by filter, and at once', async (t) => {
    const scene = await start(t)
    await fetchAll(scene)
    const { ok, json, run, seen } = scene
    const dry = await json<BoundPreview>('rm', 'hf:org/model', '--dry-run')
    assert.deepEqual([dry.count, dry.files.length, dry.images.length, dry.atOnce], [2, 2, 0, []])
    assert.equal((await json<Lookup>('lookup', 'hf:org/model')).cached, 'complete')
    assert.match(await ok('rm', 'hf:org/model'), /^removed 2 files, .* freed at \d\d:\d\d$/m)
    assert.equal((await run('ls', 'hf:**')).out, '')
    assert.match(await ok('undo'), /^put 2 files back, /)
    assert.equal((await json<Lookup>('lookup', 'hf:org/model')).cached, 'complete')
    const { code, out } = await run('rm', MODULE, 'nginx:1', '--now')
    assert.equal(code, 3)
    assert.match(out, /^not cached: nginx:1$/m)
    assert.match(out, /^removed 1 file, freed /m)
    assert.equal((await run('lookup', MODULE)).code, 4)
    assert.match((await seen('rm', '--kind', 'github', '--filter', 'used:1h')).out, /^removed 1 file/m)
    assert.equal((await run('rm', '--files', '--filter', 'untagged')).code, 2)
    assert.equal((await run('rm', MODULE)).code, 4)
    assert.equal((await run('rm', '--files')).code, 2)
    assert.equal((await run('rm', '--files', '--tags-only', 'hf:org/model')).code, 2)
  })

  test('a mirror goes at once, and that is said', { skip: missing('git') }, async (t) => {
    const scene = await start(t)
    const { ok, json, seen, run, git, gitHost } = scene
    await (await git.create('owner/repo')).commit({ a: 'a' })
    const name = `git:${gitHost}/owner/repo`
    await ok('fetch', name)
    assert.equal((await json<Lookup>('lookup', `http://${gitHost}/owner/repo.git`)).cached, 'complete')
    assert.equal((await json<FileDetail>('show', name)).file.name, name)
    const { out } = await seen('rm', name, '--dry-run')
    assert.match(out, new RegExp(`^goes at once, without a way back: ${name}$`, 'm'))
    assert.match(await ok('rm', name), /^removed 1 file/m)
    assert.equal((await run('lookup', name)).code, 4)
    assert.equal((await run('undo')).code, 4)
  })

  test('without a server, too', async (t) => {
    const { github } = await startFileLab(t)
    github.release('o/r', 'v1', 'a.tgz', randomBytes(1000))
    const urls = github.hosts.map(({ name, url }) => `"${name}" = "${url}"`)
    const hosts = github.hosts.map(({ url }) => `"${new URL(url).host}"`)
    const lab = await createLab(
      t,
      `[github]\nredirect_hosts = [${hosts.join(', ')}]\n[github.urls]\n${urls.join('\n')}`,
    )
    const url = 'https://github.com/o/r/releases/download/v1/a.tgz'
    lab.hub.addImage('library/nginx', { tags: ['1'] })
    const fetched = await lab.ok('fetch', url, 'nginx:1')
    assert.match(fetched, /^github:o\/r\/releases\/download\/v1\/a\.tgz\t\t1\t0\t1000\t/)
    assert.match(fetched, /^docker\.io\/library\/nginx:1\t\t3\t/m)
    assert.match(await lab.ok('lookup', url), /^cached\tcomplete$/m)
    const removed = await lab.ok('rm', 'github:o/r', 'nginx:1', '--now')
    assert.match(removed, /^removed 1 image and 1 file, freed \d+ KiB$/m)
    assert.deepEqual(lab.blobFiles(), [])
  })

  test('pins keep them', async (t) => {
    const scene = await start(t)
    await fetchAll(scene)
    const { ok, run } = scene
    const { err, out } = await run('pin', 'hf:org/model', '--dry-run')
    assert.equal(out.trim().split('\n').length, 2)
    assert.match(err, /^2 files would be kept/)
    assert.match(await ok('pin', 'hf:org/model'), /^hf:org\/model\tuser\t0\t2\t\d+\t/)
    const kept = await run('rm', 'hf:org/model')
    assert.equal(kept.code, 3)
    assert.match(kept.out, /^stays, pinned: hf:org\/model\//m)
    assert.equal((await run('gc', '--upstream', 'hf', '--idle', '1s', '--grace', '0', '--yes')).code, 0)
    assert.equal((await run('lookup', 'hf:org/model')).code, 0)
    await ok('unpin', 'hf:org/model')
  })

  test('what cannot be meant, and what is not there', async (t) => {
    const { run } = await start(t, { huggingface: { deny_suffixes: ['.safetensors'] } })
    const said = async (...args: string[]) => {
      const { code, err } = await run(...args)
      return `${code} ${err.trim()}`
    }
    assert.match(
      await said('ls', '--kind', 'x'),
      /^2 error: --kind cannot be "x" · try: a value of go, github, hf, git$/,
    )
    assert.match(await said('ls', '--files', '--tags'), /^2 error: files have no tags/)
    assert.match(await said('ls', '--files', '--sort', 'tags'), /^2 error: there is no column "tags"/)
    assert.match(await said('ls', '--files', '--filter', 'platform:linux/amd64'), /^2 error: /)
    assert.match(await said('show', 'hf:org/none/x'), /^2 error: .*write it like "hf:org\/none@main\/x"/)
    assert.match(await said('show', 'hf:org/none@main/x'), /^4 error: .* is not cached · try: cachalot ls$/)
    assert.match(await said('show', 'https://example.org/x'), /^2 error: this address leads to no file/)
    assert.match(await said('fetch', 'github:owner/repo'), /^2 error: github:owner\/repo is a repository/)
    assert.match(
      await said('fetch', 'https://github.com/Owner/Repo/releases/download/v2/tool.tgz'),
      /^4 error: the upstream does not have github:owner\/repo\/releases\/download\/v2\/tool\.tgz/,
    )
    const partly = await run('fetch', 'hf:org/model')
    assert.equal(partly.code, 3)
    assert.match(partly.out, /^not let in: model\.safetensors: .*deny_suffixes/m)
    const checked = await run('check', 'hf:org/model')
    assert.equal(checked.code, 1)
    assert.match(checked.out, /hf:org\/model\tfailed\t.*only images are compared here/)
  })
})

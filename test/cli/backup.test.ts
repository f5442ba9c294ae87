import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { BackupReport } from '../../src/backup/backup.ts'
import { bcryptLine } from '../auth/support.ts'
import { eventually } from '../e2e/support.ts'
import { fetchAll } from '../support/http.ts'
import { createLab, type Lab } from './lab.ts'

const KEY = 'PRIVATE-KEY-CANARY'
const PASSWORD = 'PASSWORD-CANARY'

/** A lab whose configuration names secrets, with one image in the cache of its server. */
async function openLab(t: Parameters<typeof createLab>[0]) {
  const lab = await createLab(t)
  const file = join(lab.folder, 'config.toml')
  writeFileSync(join(lab.folder, 'password'), PASSWORD, { mode: 0o600 })
  const login = 'username = "me"\npassword_file = "password"\n'
  writeFileSync(file, readFileSync(file, 'utf8') + login)
  const server = await lab.serve()
  writeFileSync(join(lab.data, 'htpasswd'), bcryptLine('alice', 'wonderland'))
  execFileSync('mkdir', ['-p', join(lab.data, 'acme')])
  writeFileSync(join(lab.data, 'acme', 'pair.pem'), KEY, { mode: 0o600 })
  const image = lab.hub.addImage('library/app', { tags: ['1'], layers: [9000, 20_000] })
  await pull(server.url, image)
  return { lab, server, image }
}

async function pull(url: string, image: ReturnType<Lab['hub']['addImage']>): Promise<void> {
  const path = `${url}/v2/library/app`
  assert.equal((await fetchAll(`${path}/manifests/1`)).status, 200)
  for (const { digest } of [image.config, ...image.layers])
    assert.equal((await fetchAll(`${path}/blobs/${digest}`)).status, 200)
}

/** Names of all files below a folder. */
const filesIn = (folder: string): string[] =>
  globSync('**', { cwd: folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted()

void test('a backup of a running server is for its owner alone and holds no private key unless asked', async (t) => {
  const { lab } = await openLab(t)
  const to = join(lab.folder, 'backup')
  const { code, out, err } = await lab.run('backup', to)
  assert.equal(code, 0, err)
  assert.match(out, /backup in .*: index \(\d.*\), 2 files\n/)
  assert.match(err, /left out, which --with-keys takes along: .*acme\/pair\.pem, .*password\n/)
  assert.deepEqual(filesIn(to), ['backup.json', 'cachalot.db', 'config/config.toml', 'htpasswd'])
  for (const name of ['.', ...filesIn(to)]) assert.equal(statSync(join(to, name)).mode & 0o077, 0, name)

  const withKeys = join(lab.folder, 'with-keys')
  const report = await lab.json<BackupReport>('backup', withKeys, '--with-keys')
  assert.deepEqual(report.files, [
    'htpasswd',
    'config/config.toml',
    'acme/pair.pem',
    'config/upstream_docker.io_.password_file',
  ])
  assert.equal(readFileSync(join(withKeys, 'acme/pair.pem'), 'utf8'), KEY)
  assert.equal(readFileSync(join(withKeys, 'config/upstream_docker.io_.password_file'), 'utf8'), PASSWORD)
  for (const name of ['.', ...filesIn(withKeys)])
    assert.equal(statSync(join(withKeys, name)).mode & 0o077, 0, name)
})

void test('with content, the next backup copies what is new and drops what has left', async (t) => {
  const { lab, server, image } = await openLab(t)
  const to = join(lab.folder, 'backup')
  const stamps = () => lab.blobFiles().map((path) => statSync(path).ctimeMs)
  await eventually('all of it has landed', () => stamps().length === 4)
  const before = stamps()
  const first = await lab.json<BackupReport>('backup', to, '--with-content')
  assert.deepEqual(stamps(), before, 'a changed file would be hashed again before it is trusted')
  assert.deepEqual([first.content?.blobs, first.content?.copied, first.content?.missing], [4, 4, 0])
  assert.equal(filesIn(to).filter((name) => name.startsWith('blobs/')).length, 4)
  const newer = lab.hub.addImage('library/app', { tags: ['1'], layers: [5000] })
  await lab.ok('rm', 'app:1', '--now', '--yes')
  await pull(server.url, newer)
  const second = await lab.json<BackupReport>('backup', to, '--with-content')
  assert.deepEqual([second.content?.blobs, second.content?.copied], [3, 3])
  const [layer] = image.layers
  assert.ok(layer)
  const blobs = filesIn(to).filter((name) => name.startsWith('blobs/'))
  assert.equal(blobs.length, 3)
  assert.ok(!blobs.some((name) => name.endsWith(layer.digest.slice(7))))
  const third = await lab.json<BackupReport>('backup', to, '--with-content')
  assert.deepEqual([third.content?.copied, third.content?.copiedBytes], [0, 0])
  await lab.ok('backup', to)
  assert.equal(filesIn(to).filter((name) => name.startsWith('blobs/')).length, 3)
})

void test('an archive holds the same, also on standard output and without a server', async (t) => {
  const { lab, server } = await openLab(t)
  server.child.kill()
  await server.ended
  const file = join(lab.folder, 'cachalot.tar')
  await lab.ok('backup', file, '--with-content')
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const piped = join(lab.folder, 'piped.tar')
  const config = join(lab.folder, 'config.toml')
  const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
  const child = spawn(process.execPath, [main, 'backup', '-', '--with-content', '--config', config], {
    stdio: ['ignore', openSync(piped, 'w', 0o600), 'pipe'],
  })
  assert.deepEqual(await once(child, 'close'), [0, null])
  for (const [n, archive] of [file, piped].entries()) {
    const out = join(lab.folder, `out${n}`)
    execFileSync('mkdir', [out])
    execFileSync('tar', ['--extract', '--file', archive, '--directory', out])
    const names = filesIn(out)
    assert.deepEqual(
      names.filter((name) => !name.startsWith('blobs/')),
      ['backup.json', 'cachalot.db', 'config/config.toml', 'htpasswd'],
    )
    assert.equal(names.length, 8)
    for (const name of names) assert.equal(statSync(join(out, name)).mode & 0o077, 0, name)
    for (const name of names.filter((one) => one.startsWith('blobs/')))
      assert.deepEqual(readFileSync(join(out, name)), readFileSync(join(lab.data, name)))
  }
  assert.deepEqual(globSync('cachalot.db.*', { cwd: lab.data }), ['cachalot.db.snapshot'])
})

void test('what cannot be backed up, or would overwrite something, is refused in words', async (t) => {
  const lab = await createLab(t)
  const none = await lab.run('backup', join(lab.folder, 'b'))
  assert.deepEqual([none.code, /there is no index in/.test(none.err)], [4, true])
  const server = await lab.serve()
  writeFileSync(join(lab.folder, 'there.tar'), 'x')
  for (const [to, said] of [
    [lab.folder, /is not empty and holds no backup/],
    [lab.data, /belongs to the cache itself/],
    [join(lab.data, 'blobs', 'b'), /belongs to the cache itself/],
    [join(lab.folder, 'there.tar'), /is there already/],
  ] as const) {
    const refused = await lab.run('backup', to)
    assert.equal(refused.code, 2, to)
    assert.match(refused.err, said)
  }
  const nowhere = await lab.run('backup', join(lab.folder, 'config.toml', 'b'))
  assert.deepEqual([nowhere.code, /no backup/.test(nowhere.err)], [1, true])
  server.child.kill()
  await server.ended
  rmSync(join(lab.data, 'cachalot.db.snapshot'))
  writeFileSync(join(lab.data, 'cachalot.db'), 'no database at all, but long enough for one '.repeat(400))
  const damaged = await lab.run('backup', join(lab.folder, 'd'))
  assert.deepEqual([damaged.code, /the index is damaged/.test(damaged.err)], [8, true])
  assert.deepEqual(filesIn(join(lab.folder, 'd')), ['backup.json'])
})

import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hash } from '@node-rs/bcrypt'
import { type FakeGit, startFakeGit } from '../support/fake-git.ts'
import { type GitClient, type GitRun, openGitClient } from '../support/fake-git-client.ts'
import { type GitLab, type GitLabOptions, startGitLab } from '../support/fake-git-lab.ts'
import { until } from '../support/fake-git-wire.ts'
import { tempDir } from '../support/temp.ts'
import { missing } from './process.ts'

const skip = missing('git')
const REPO = 'https://github.com/owner/repo'

interface Scene {
  readonly fake: FakeGit
  readonly repo: Awaited<ReturnType<FakeGit['create']>>
  readonly lab: GitLab
  client(options?: { version?: 0 | 2; env?: Record<string, string> }): Promise<GitClient>
}

async function start(t: TestContext, options: Partial<GitLabOptions> = {}): Promise<Scene> {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  await repo.commit({ 'a.txt': 'one\n' })
  await repo.commit({ 'a.txt': 'two\n', 'b.txt': 'b\n' })
  const lab = await startGitLab(t, { url: fake.url, ...options })
  return { fake, repo, lab, client: (more) => openGitClient(t, { cache: lab.url, ...more }) }
}

function succeeded({ code, out, err }: GitRun): string {
  assert.equal(code, 0, err)
  return out
}

const head = async (client: GitClient, folder = 'repo'): Promise<string> =>
  succeeded(await client.in(folder, 'rev-parse', 'HEAD')).trim()

for (const version of [2, 0] as const) {
  test(`version ${version}: clone, again from the mirror, then fetch what is new`, { skip }, async (t) => {
    const { fake, repo, client } = await start(t)
    const first = await client({ version })
    succeeded(await first.run('clone', REPO))
    assert.equal(await readFile(join(first.work, 'repo', 'a.txt'), 'utf8'), 'two\n')
    const fetched = fake.asked('fetch').length
    assert.equal(fetched, 1)
    const second = await client({ version })
    succeeded(await second.run('clone', REPO))
    assert.equal(fake.asked('fetch').length, fetched)
    const next = await repo.commit({ 'c.txt': 'c\n' })
    succeeded(await second.in('repo', 'pull', '--quiet'))
    assert.equal(await head(second), next)
    succeeded(await first.in('repo', 'pull', '--quiet'))
    assert.equal(await head(first), next)
    assert.equal(fake.asked('fetch').length, fetched + 1)
    assert.ok(fake.requests.every(({ authorization }) => authorization === undefined))
  })
}

test('shallow, partial, and by the name of a commit that no branch leads to', { skip }, async (t) => {
  const { fake, repo, client } = await start(t)
  const hidden = await repo.commit({ 'hidden.txt': 'h\n' })
  await repo.git('reset', '--quiet', '--hard', 'HEAD~1')
  await repo.git('push', '--quiet', '--force', 'origin', 'HEAD')
  const git = await client()
  succeeded(await git.run('clone', '--depth', '1', REPO, 'shallow'))
  assert.equal(succeeded(await git.in('shallow', 'rev-list', '--count', 'HEAD')).trim(), '1')
  succeeded(await git.in('shallow', 'fetch', '--quiet', '--unshallow'))
  assert.equal(succeeded(await git.in('shallow', 'rev-list', '--count', 'HEAD')).trim(), '2')
  succeeded(await git.run('clone', '--filter=blob:none', '--no-checkout', REPO, 'partial'))
  succeeded(await git.in('partial', 'checkout', '--quiet', 'HEAD'))
  assert.equal(await readFile(join(git.work, 'partial', 'b.txt'), 'utf8'), 'b\n')
  const before = fake.asked('fetch').length
  succeeded(await git.in('partial', 'fetch', '--quiet', 'origin', hidden))
  assert.equal(fake.asked('fetch').length, before + 1)
  fake.state = 'down'
  const other = await client()
  succeeded(await other.run('clone', REPO))
  succeeded(await other.in('repo', 'fetch', '--quiet', 'origin', hidden))
})

test('a push is refused in words', { skip }, async (t) => {
  const { client } = await start(t)
  const git = await client()
  succeeded(await git.run('clone', REPO))
  const { code, err } = await git.in('repo', 'push', 'origin', 'HEAD:refs/heads/other')
  assert.notEqual(code, 0)
  assert.match(err, /this cache is only read: push to https:\/\/github\.com\/owner\/repo itself/)
})

for (const version of [2, 0] as const) {
  test(`version ${version}: what was cloned once can be cloned while its server is down`, {
    skip,
  }, async (t) => {
    const { fake, repo, lab, client } = await start(t)
    const git = await client({ version })
    succeeded(await git.run('clone', REPO))
    fake.state = 'down'
    const other = await client({ version })
    succeeded(await other.run('clone', REPO))
    assert.equal(await head(other), (await repo.git('rev-parse', 'HEAD')).trim())
    const refs = await lab.get('/gh/owner/repo.git/info/refs?service=git-upload-pack')
    assert.equal(refs.headers['x-cache'], 'stale')
    assert.match(String(refs.headers['warning']), /served stale: .*last confirmed \d+ (?:ms|s) ago/)
    const unknown = await other.run('clone', 'https://github.com/owner/unknown')
    assert.match(unknown.err, /the upstream cannot be reached/)
  })
}

test('branches that were moved back and deleted are so for everybody', { skip }, async (t) => {
  const { fake, repo, client } = await start(t)
  await repo.git('push', '--quiet', 'origin', 'HEAD:refs/heads/gone', 'HEAD:refs/heads/dir')
  const git = await client()
  succeeded(await git.run('clone', REPO))
  await repo.git('reset', '--quiet', '--hard', 'HEAD~1')
  const now = await repo.commit({ 'a.txt': 'three\n' })
  // A branch takes the place of what was a folder of branches, too.
  await repo.git('push', '--quiet', 'origin', ':gone', ':dir', 'HEAD:refs/heads/gone/deep')
  succeeded(await git.in('repo', 'fetch', '--quiet', '--prune'))
  const list = 'for-each-ref --format=%(refname) refs/remotes/origin/'.split(' ')
  const expected = ['refs/remotes/origin/HEAD', 'refs/remotes/origin/gone/deep', 'refs/remotes/origin/main']
  assert.deepEqual(
    succeeded(await git.in('repo', ...list))
      .trim()
      .split('\n'),
    expected,
  )
  assert.equal(succeeded(await git.in('repo', 'rev-parse', 'origin/main')).trim(), now)
  fake.state = 'down'
  const other = await client()
  succeeded(await other.run('clone', REPO))
  assert.deepEqual(
    succeeded(await other.in('repo', ...list))
      .trim()
      .split('\n'),
    expected,
  )
})

test('two who clone at once cause one fetch', { skip }, async (t) => {
  const { fake, client } = await start(t)
  const gate = Promise.withResolvers<void>()
  fake.hold = gate.promise
  const clients = [await client(), await client()]
  const runs = clients.map((one) => one.run('clone', REPO))
  await until(() => fake.asked('ls-refs').length >= 2)
  gate.resolve()
  for (const run of await Promise.all(runs)) succeeded(run)
  assert.equal(fake.asked('fetch').length, 1)
})

test('a server that stops in the middle harms no mirror', { skip }, async (t) => {
  const { fake, repo, lab, client } = await start(t)
  await repo.commit({ 'large.bin': Array.from({ length: 40_000 }, (_, i) => Math.sin(i)).join('\n') })
  fake.cutAfter = 100_000
  const git = await client()
  const cut = await git.run('clone', REPO)
  assert.notEqual(cut.code, 0)
  assert.deepEqual(await lab.git.mirrors.list(), [])
  fake.cutAfter = undefined
  succeeded(await git.run('clone', REPO))
  const large = await repo.commit({
    'larger.bin': Array.from({ length: 40_000 }, (_, i) => Math.cos(i)).join('\n'),
  })
  fake.cutAfter = 100_000
  assert.notEqual((await git.in('repo', 'fetch')).code, 0)
  fake.cutAfter = undefined
  succeeded(await git.in('repo', 'pull', '--quiet'))
  assert.equal(await head(git), large)
})

test('what asks for a login is told so in words, and is in nobody else’s mirror', { skip }, async (t) => {
  const { fake, lab, client } = await start(t)
  const git = await client()
  succeeded(await git.run('clone', REPO))
  fake.state = 'login'
  lab.git.gate.forget({ name: '', upstream: 'git:github.com', url: fake.url, path: '/owner/repo' })
  const other = await client({ env: { GIT_ASKPASS: '/bin/true' } })
  const { code, err } = await other.run('clone', REPO)
  assert.notEqual(code, 0)
  assert.match(err, /private repositories do not pass this cache/)
  // Nor is it shown when its server cannot be asked any more: the last thing it said was no.
  fake.state = 'down'
  lab.git.gate.forget({ name: '', upstream: 'git:github.com', url: fake.url, path: '/owner/repo' })
  assert.notEqual((await other.run('clone', REPO)).code, 0)
  fake.state = 'up'
  succeeded(await other.run('clone', REPO))
  assert.equal(fake.asked('fetch').length, 1)
})

test('a repository that was renamed is found, and rules look at what it is called now', {
  skip,
}, async (t) => {
  const rule = [{ effect: 'deny', match: ['github:owner/secret'] }]
  const { fake, lab, client } = await start(t, { config: { rule } })
  fake.moved.set('/old/name', '/owner/repo')
  fake.moved.set('/old/secret', '/owner/secret')
  const git = await client()
  succeeded(await git.run('clone', 'https://github.com/old/name'))
  assert.deepEqual(
    (await lab.git.mirrors.list()).map(({ name }) => name),
    ['github.com/owner/repo'],
  )
  const denied = await git.run('clone', 'https://github.com/old/secret')
  assert.match(denied.err, /rule 1 forbids anonymous to pull github:owner\/secret/)
})

for (const version of [2, 0] as const) {
  test(`version ${version}: from a server that is too old for version 2`, { skip }, async (t) => {
    const { fake, repo, client } = await start(t)
    fake.isOld = true
    const git = await client({ version })
    succeeded(await git.run('clone', REPO))
    const next = await repo.commit({ 'c.txt': 'c\n' })
    succeeded(await git.in('repo', 'pull', '--quiet'))
    assert.equal(await head(git), next)
    fake.state = 'down'
    const other = await client({ version })
    succeeded(await other.run('clone', REPO))
    assert.equal(await head(other), next)
  })
}

test('with a password, and with a pull key', { skip }, async (t) => {
  const folder = await tempDir(t)
  await writeFile(join(folder, 'users'), `anna:${await hash('sesame', { cost: 4 })}\n`, { mode: 0o600 })
  const auth = { htpasswd: join(folder, 'users'), anonymous_pull: 'none' }
  const { fake, lab, client } = await start(t, { config: { auth } })
  const nobody = await (await client()).run('clone', REPO)
  assert.match(nobody.err, /could not read Username/)
  const anna = await openGitClient(t, { cache: lab.url.replace('//', '//anna:sesame@') })
  succeeded(await anna.run('clone', REPO))
  const robot = await openGitClient(t, { cache: `${lab.url}/k/${await lab.addKey()}` })
  succeeded(await robot.run('clone', REPO))
  assert.equal(fake.asked('fetch').length, 1)
  assert.ok(fake.requests.every(({ authorization }) => authorization === undefined))
})

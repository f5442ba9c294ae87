import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { MINUTE } from '../../src/domain/clock.ts'
import { MIB } from '../../src/domain/units.ts'
import { type FakeGit, startFakeGit } from '../support/fake-git.ts'
import { type GitLab, type GitLabOptions, startGitLab } from '../support/fake-git-lab.ts'
import { askPack, askRefs, fetchBody, hasPack, lsRefsBody, until } from '../support/fake-git-wire.ts'
import type { Fetched } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'

async function start(t: TestContext, options: Partial<GitLabOptions> = {}) {
  const fake = await startFakeGit(t)
  const repo = await fake.create('owner/repo')
  const tip = await repo.commit({ 'a.txt': 'one\n' })
  return { fake, repo, tip, lab: await startGitLab(t, { url: fake.url, ...options }) }
}

const came = ({ headers }: Fetched) => String(headers['x-cache'])

/** As du counts files. */
function onDisk(lab: GitLab): number {
  const find = ['-type', 'f', '-path', '*.git/*', '-printf', '%b\n']
  const blocks = execFileSync('find', [join(lab.dataDir, 'git'), ...find], { encoding: 'utf8' })
  return blocks.split('\n').reduce((sum, line) => sum + Number(line) * 512, 0)
}

test('what mirrors take on disk is counted, and comes back when one is evicted', async (t) => {
  const { repo, tip, lab } = await start(t)
  const before = lab.parts.quota.usage()
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  const [mirror] = await lab.git.mirrors.list()
  assert.equal(mirror?.name, 'github.com/owner/repo')
  assert.equal(mirror?.bytes, await lab.git.mirrors.bytes())
  assert.equal(lab.parts.quota.usage().used - before.used, mirror?.bytes)
  assert.ok(Math.abs((mirror?.bytes ?? 0) - onDisk(lab)) <= 4096)
  const next = await repo.commit({ 'b.txt': 'x'.repeat(50_000) })
  assert.ok(hasPack(await askPack(lab, fetchBody(next))))
  const grown = await lab.git.mirrors.bytes()
  assert.ok(grown > (mirror?.bytes ?? 0))
  assert.equal(lab.parts.quota.usage().used - before.used, grown)
  assert.deepEqual(
    (await lab.git.mirrors.list()).map(({ name, isBusy }) => [name, isBusy]),
    [['github.com/owner/repo', false]],
  )
  assert.equal(await lab.git.mirrors.evict('github.com/owner/repo'), grown)
  assert.deepEqual(lab.parts.quota.usage(), before)
  assert.deepEqual(readdirSync(join(lab.dataDir, 'trash')), [])
  assert.equal(came(await askPack(lab, fetchBody(tip))), 'miss')
})

test('without room, and above max_mirror, clones pass by', async (t) => {
  const { fake, repo } = await start(t)
  const tip = await repo.commit({ 'b.bin': Array.from({ length: 9000 }, (_, i) => Math.sin(i)).join('\n') })
  for (const limit of [{ maxSize: MIB }, { engine: { maxMirror: 20_000 } }]) {
    const lab = await startGitLab(t, { url: fake.url, ...limit })
    for (let i = 0; i < 2; i++) {
      const answer = await askPack(lab, fetchBody(tip))
      assert.ok(hasPack(answer))
      assert.equal(came(answer), 'bypass')
    }
    assert.deepEqual(await lab.git.mirrors.list(), [])
    assert.deepEqual(lab.parts.quota.usage(), { used: 0, reserved: 0 })
    assert.deepEqual(globSync('git/*.git', { cwd: lab.dataDir }), [])
  }
})

test('whoever waits too long for a mirror gets it from the server meanwhile', async (t) => {
  const { fake, tip, lab } = await start(t, { wait: 50 })
  fake.stallAfter = 10
  const asked = askPack(lab, fetchBody(tip))
  await until(() => fake.asked('fetch').length >= 2)
  fake.stop()
  assert.ok(!hasPack(await asked))
})

test('a second process on the same folder keeps its hands off', async (t) => {
  const { tip, lab } = await start(t, { isOwner: () => false })
  assert.equal(came(await askPack(lab, fetchBody(tip))), 'bypass')
  assert.deepEqual(globSync('git/*', { cwd: lab.dataDir }), [])
})

test('a mirror that lost objects is noticed, passed by and made anew', async (t) => {
  const { repo, tip, lab } = await start(t)
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  const [pack = ''] = globSync('git/*.git/objects/pack/*.pack', { cwd: lab.dataDir })
  const path = join(lab.dataDir, pack)
  await chmod(path, 0o640)
  const bytes = readFileSync(path)
  bytes.fill(0, 12, bytes.length - 20)
  writeFileSync(path, bytes)
  const clone = await askPack(lab, fetchBody(tip))
  // Whatever it was that broke first: never a whole answer that is wrong.
  assert.ok(hasPack(clone) ? came(clone) !== 'hit' : !clone.complete || clone.body.includes('ERR'))
  const isNoticed = () => lab.log.entries.some(({ fields }) => fields['event'] === 'git.damaged')
  await until(isNoticed)
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  assert.ok(await repo.git('status'))
})

test('a damaged mirror that the disk does not let go is said, and ends nothing else', async (t) => {
  const { tip, lab } = await start(t)
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  const [pack = ''] = globSync('git/*.git/objects/pack/*.pack', { cwd: lab.dataDir })
  rmSync(join(lab.dataDir, pack))
  rmSync(join(lab.dataDir, 'trash'), { recursive: true, force: true })
  writeFileSync(join(lab.dataDir, 'trash'), '')
  lab.git.mirrors.suspect('github.com/owner/repo')
  await until(() => lab.log.entries.some(({ fields }) => fields['event'] === 'git.upkeep'))
  assert.equal((await askRefs(lab)).status, 200)
})

test('a mirror that the disk does not let go frees nothing, and stays where it was', async (t) => {
  const { tip, lab } = await start(t)
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  const before = lab.parts.quota.usage()
  // No folder can be moved to a file.
  rmSync(join(lab.dataDir, 'trash'), { recursive: true })
  writeFileSync(join(lab.dataDir, 'trash'), '')
  assert.equal(await lab.git.mirrors.evict('github.com/owner/repo'), 0)
  assert.deepEqual(lab.parts.quota.usage(), before)
  assert.equal(came(await askPack(lab, fetchBody(tip))), 'hit')
  assert.ok(lab.log.entries.some(({ fields }) => fields['event'] === 'git.evict'))
})

test('where the disk takes no note of a use, clones go on', async (t) => {
  let now = 1_000_000
  const { tip, lab } = await start(t, { clock: () => now })
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  const [state = ''] = globSync('git/*.git/cachalot.json', { cwd: lab.dataDir })
  mkdirSync(`${join(lab.dataDir, state)}.new`)
  now += 2 * MINUTE
  assert.equal((await askRefs(lab)).status, 200)
  now += 2 * MINUTE
  const again = await askPack(lab, fetchBody(tip))
  assert.ok(hasPack(again), again.body.toString())
  assert.equal(came(again), 'hit')
  assert.ok(lab.log.entries.some(({ level, fields }) => level === 'warn' && fields['event'] === 'git.note'))
})

test('without git there are no mirrors, but there are clones', async (t) => {
  const { tip, lab } = await start(t, { engine: { git: '/nonexistent/git' } })
  assert.equal((await askRefs(lab)).status, 200)
  assert.equal((await askPack(lab, lsRefsBody('HEAD'))).status, 200)
  const answer = await askPack(lab, fetchBody(tip))
  assert.ok(hasPack(answer))
  assert.equal(came(answer), 'bypass')
})

test('nobody else on this machine can use the way of git to its server', async (t) => {
  const { fake, tip, lab } = await start(t)
  const gate = Promise.withResolvers<void>()
  fake.hold = gate.promise
  const asked = askPack(lab, fetchBody(tip))
  await waitFor(fake, 'fetch')
  const ports = portsOfGit()
  assert.ok(ports.length > 0, 'git is at work')
  const before = fake.requests.length
  for (const url of ports) {
    const { status } = await fetch(`${url}/info/refs?service=git-upload-pack`)
    assert.equal(status, 404)
  }
  assert.equal(fake.requests.length, before)
  gate.resolve()
  assert.ok(hasPack(await asked))
})

test('a name that leads inside is asked for by nobody, neither us nor git', async (t) => {
  const { fake, tip } = await start(t)
  const url = fake.url.replace('127.0.0.1', 'git.example.com')
  const lab = await startGitLab(t, { url, resolve: async () => [{ address: '127.0.0.1', family: 4 }] })
  const refs = await askRefs(lab)
  assert.equal(refs.status, 502)
  assert.match(refs.body.toString(), /refused to connect: git\.example\.com is at a private address/)
  assert.match((await askPack(lab, fetchBody(tip))).body.toString(), /at a private address/)
  assert.deepEqual(fake.requests, [])
})

test('a client that leaves takes its git with it', async (t) => {
  const { repo, lab } = await start(t)
  const tip = await repo.commit({
    'b.bin': Array.from({ length: 200_000 }, (_, i) => Math.sin(i)).join('\n'),
  })
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  const leaving = new AbortController()
  const asked = askPack(lab, fetchBody(tip), { signal: leaving.signal })
  const isRead = async () => (await lab.git.mirrors.list()).every(({ isBusy }) => isBusy)
  while (!(await isRead())) await new Promise((resolve) => setImmediate(resolve))
  leaving.abort()
  await asked
  while (await isRead()) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(!lab.log.entries.some(({ fields }) => fields['error'] === 'internal'))
})

test('a client that left while others were before it starts no git that nobody ends', async (t) => {
  const folder = await tempDir(t)
  const git = join(folder, 'git')
  const isStuck = '[ "$1" = upload-pack ] && [ -e "${0%git}stuck" ]'
  writeFileSync(git, `#!/bin/sh\n${isStuck} && exec sleep 1000\nexec git "$@"\n`, { mode: 0o755 })
  const { fake, tip, lab } = await start(t, { engine: { git } })
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  writeFileSync(join(folder, 'stuck'), '')
  const places = await Promise.all(Array.from({ length: 24 }, () => lab.git.packs.take()))
  const leaving = new AbortController()
  const asked = askPack(lab, fetchBody(tip), { signal: leaving.signal })
  await setTimeout(300)
  leaving.abort()
  await asked
  await setTimeout(100)
  for (const leave of places) leave()
  const answered = () => lab.log.entries.filter(({ message }) => message === 'request').length
  await until(() => answered() === 2)
  assert.ok((await lab.git.mirrors.list()).every(({ isBusy }) => !isBusy))
  assert.equal(fake.asked('fetch').length, 1, 'nobody is asked for whoever is gone')
})

test('whoever asks for objects that are nowhere uses up nothing of what may be kept', async (t) => {
  const { fake, repo, tip, lab } = await start(t)
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  await repo.git('checkout', '--quiet', '--detach')
  await repo.git('commit', '--quiet', '--allow-empty', '-m', 'on no branch')
  await repo.git('push', '--quiet', 'origin', 'HEAD:refs/pull/1/head')
  const single = (await repo.git('rev-parse', 'HEAD')).trim()
  for (let i = 1; i <= 10; i++) {
    const nowhere = Array.from({ length: 200 }, (_, k) => (i * 1000 + k).toString(16).padStart(40, 'a'))
    assert.ok(!hasPack(await askPack(lab, fetchBody(...nowhere))))
  }
  assert.ok(hasPack(await askPack(lab, fetchBody(single))))
  const before = fake.asked('fetch').length
  assert.equal(came(await askPack(lab, fetchBody(single))), 'hit')
  assert.equal(fake.asked('fetch').length, before)
})

test('clones that nobody reads to their end cost others no clone, while the server can give it', async (t) => {
  const { fake, tip, lab } = await start(t, { patience: 50 })
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  await Promise.all(Array.from({ length: 24 }, () => lab.git.packs.take()))
  const other = await askPack(lab, fetchBody(tip))
  assert.ok(hasPack(other))
  assert.equal(came(other), 'bypass')
  fake.state = 'down'
  lab.git.gate.forget({ name: '', upstream: 'git:github.com', url: '', path: '/owner/repo' })
  assert.match((await askPack(lab, fetchBody(tip))).body.toString(), /ERR too many clones at once/)
})

test('many questions at once are answered by few gits at a time', async (t) => {
  const folder = await tempDir(t)
  const git = join(folder, 'git')
  const count = 'cd "${0%/git}"; : > "run-$$"; ls | grep -c run- >> counts'
  writeFileSync(git, `#!/bin/sh\n(${count})\ngit "$@"\ncode=$?\nrm "\${0%/git}/run-$$"\nexit $code\n`, {
    mode: 0o755,
  })
  const { fake, tip, lab } = await start(t, { engine: { git } })
  assert.ok(hasPack(await askPack(lab, fetchBody(tip))))
  fake.state = 'down'
  lab.git.gate.forget({ name: '', upstream: 'git:github.com', url: '', path: '/owner/repo' })
  const nowhere = fetchBody('a'.repeat(40))
  const lists = Array.from({ length: 60 }, () => askPack(lab, lsRefsBody('refs/heads/')))
  const packs = Array.from({ length: 60 }, () => askPack(lab, nowhere))
  for (const answer of await Promise.all(lists)) assert.ok(answer.body.includes(tip), answer.body.toString())
  for (const answer of await Promise.all(packs))
    assert.match(answer.body.toString(), /ERR .*cannot be reached/)
  const counts = readFileSync(join(folder, 'counts'), 'utf8').trim().split('\n').map(Number)
  assert.ok(counts.length > 80)
  assert.ok(Math.max(...counts) <= 16 + 16, `so many at a time: ${Math.max(...counts)}`)
})

async function waitFor(fake: FakeGit, kind: string): Promise<void> {
  await until(() => fake.asked(kind).length > 0)
}

/** Addresses that stand in the arguments of running gits, where everybody can read them; never a secret. */
function portsOfGit(): string[] {
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      const text = readFileSync(file, 'utf8')
      assert.ok(!text.includes('x-cachalot-way'))
      return [...text.matchAll(/http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{16}\/repo\.git/g)].map(([url]) => url)
    } catch {
      return []
    }
  })
}

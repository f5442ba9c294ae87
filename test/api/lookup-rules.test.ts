import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { as, linesOf, PASSWORDS } from '../security/access-support.ts'
import { type FileLab, startFileLab } from '../support/file-lab.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** bob may pull, carol looks after the cache; one repository is not for bob, and one is kept for nobody. */
async function start(t: Cleanup): Promise<FileLab> {
  const users = join(await tempDir(t), 'users')
  await writeFile(users, linesOf(PASSWORDS))
  const lab = await startFileLab(t, {
    config: {
      auth: { htpasswd: users, admins: ['alice'], operators: ['carol'], anonymous_pull: 'all' },
      limits: { requests: '0' },
      rule: [
        { effect: 'deny', match: ['github:secret/**'], users: ['bob'] },
        { effect: 'deny', match: ['github:loose/**'], actions: ['store'] },
      ],
    },
  })
  lab.github.release('secret/repo', 'v1', 'a.tgz', Buffer.from('secret'))
  lab.github.release('loose/repo', 'v1', 'a.tgz', Buffer.from('loose'))
  return lab
}

async function ask({ cache }: FileLab, who: string, path: string, body?: object): Promise<string> {
  const answer = await cache.fetch(`/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...as(who) },
    body: body === undefined ? '' : JSON.stringify(body),
    lint: false,
  })
  const last = answer.body.toString().trim().split('\n').at(-1) ?? ''
  const { error, cached } = JSON.parse(last) as { error?: { code: string }; cached?: string } // of any of them
  return `${answer.status} ${error?.code ?? cached ?? ''}`.trim()
}

const DENIED = '403 denied'
const urlOf = (repository: string): string => `https://github.com/${repository}/releases/download/v1/a.tgz`
const lookupOf = (name: string): string => `/lookup?name=${encodeURIComponent(name)}`

suite('who may know of files', () => {
  test('a lookup tells nobody of what rules keep from them, whatever it is called', async (t) => {
    const lab = await start(t)
    assert.equal(await ask(lab, 'carol', '/fetch', { names: [urlOf('secret/repo')] }), '200')
    const names = [
      urlOf('secret/repo'),
      'github:secret/repo/releases/download/v1/a.tgz',
      'github:secret/repo',
    ]
    for (const name of names) {
      assert.equal(await ask(lab, 'bob', lookupOf(name)), '403 denied', name)
      assert.match(await ask(lab, 'carol', lookupOf(name)), /^200 (complete|partial)$/, name)
    }
    assert.equal(await ask(lab, 'bob', lookupOf('https://github.com/secret/repo.git')), '403 denied')
    lab.github.rename('open/repo', 'secret/repo')
    await ask(lab, 'carol', '/fetch', { names: [urlOf('open/repo')] })
    assert.equal(await ask(lab, 'carol', lookupOf(urlOf('open/repo'))), '200 complete')
    assert.equal(await ask(lab, 'bob', lookupOf(urlOf('open/repo'))), '403 denied')
  })

  test('the history of a repository is told of as its files are', async (t) => {
    const lab = await start(t)
    for (const name of ['git:github.com/secret/repo', `git:github.com/secret/repo/lfs/${'a'.repeat(64)}`]) {
      const path = `/file?name=${name}`
      assert.deepEqual(
        [await ask(lab, 'bob', path), await ask(lab, 'carol', path)],
        [DENIED, '404 not_found'],
      )
    }
  })

  test('files that were asked for where they are stored are in no list of requests', async (t) => {
    const lab = await start(t)
    const path = '/https://release-assets.githubusercontent.com/github-production-release-asset/1/ab-cd?a=b'
    await lab.cache.fetch(path, { lint: false })
    const seenBy = async (who: string): Promise<string> =>
      (await lab.cache.fetch('/api/v1/requests', { headers: as(who) })).body.toString()
    assert.match(await seenBy('carol'), /assets\/ab-cd/)
    assert.doesNotMatch(await seenBy('bob'), /assets\/ab-cd/)
  })

  test('logins in addresses are written down nowhere', async (t) => {
    const lab = await start(t)
    const names = [
      'https://me:hunter2@github.com/owner/repo.git',
      'https://h.example/a?X-Amz-Signature=hunter2',
    ]
    for (const name of names) assert.match(await ask(lab, 'carol', '/fetch', { names: [name] }), /^400 /)
    const audit = await lab.cache.fetch('/api/v1/audit', { headers: as('alice') })
    assert.match(audit.body.toString(), /"fetch"/)
    assert.doesNotMatch(audit.body.toString(), /hunter2/)
  })

  test('only operators fetch, and nothing that no rule lets be kept', async (t) => {
    const lab = await start(t)
    assert.equal(await ask(lab, 'bob', '/fetch', { names: [urlOf('open/repo')] }), '403 denied')
    assert.equal(await ask(lab, 'carol', '/fetch', { names: [urlOf('loose/repo')] }), '403 denied')
    assert.equal(lab.github.requests.list({}).length, 0)
  })
})

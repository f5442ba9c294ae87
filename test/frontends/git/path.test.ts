import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../../src/domain/errors.ts'
import { parseGitPath, repositoryOf } from '../../../src/frontends/git/path.ts'

const get = (path: string, query = '') => parseGitPath({ method: 'GET', path, query })

test('every spelling of a repository is the same one', () => {
  for (const before of [
    '/https://github.com/Owner/Repo',
    '/https:/github.com/owner/repo',
    '/http://github.com:80/owner/repo.git',
    '/https://GitHub.com:443/owner/repo.git',
    '/github.com/owner/repo',
    '/gh/owner/repo.git',
  ]) {
    const op = get(`${before}/info/refs`, 'service=git-upload-pack')
    assert.ok(op?.kind === 'refs', before)
    assert.equal(op.service, 'git-upload-pack')
    assert.equal(repositoryOf(op.address), 'github.com/owner/repo', before)
  }
})

test('other servers, with groups and ports, keep upper and lower case', () => {
  const op = get('/https://git.example.com:8443/Group/sub/repo.git/info/refs')
  assert.ok(op?.kind === 'refs')
  assert.equal(repositoryOf(op.address), 'git.example.com:8443/Group/sub/repo')
  assert.equal(op.address.path, '/Group/sub/repo.git')
})

test('paths of other protocols and pages are left alone', () => {
  for (const path of [
    '/v2/owner/manifests/info/refs',
    '/api/x/info/refs',
    '/go/example.com/x/@v/list',
    '/hf/a/b/info/refs',
    '/https://github.com/owner/repo/archive/main.zip',
    '/github.com/owner/repo',
    '/info/refs',
    '/gh/info',
  ])
    assert.equal(get(path), undefined, path)
})

test('what no repository is called is refused', () => {
  for (const path of [
    '/https://github.com/owner/../repo/info/refs',
    '/https://github.com/owner/..%2frepo/info/refs',
    '/https://github.com/owner/%2e%2e/info/refs',
    '/https://github.com//repo/info/refs',
    '/https://github.com/owner/-upload-pack=x/info/refs',
    '/https://github.com/owner/re po/info/refs',
    '/https://user:secret@github.com/owner/repo/info/refs',
    '/https://[::1]/owner/repo/info/refs',
    '/https://github.com\\@evil/owner/repo/info/refs',
    `/https://github.com/owner/${'a'.repeat(300)}/info/refs`,
    '/https:///owner/repo/info/refs',
    '/_lfs/abc',
  ])
    assert.throws(() => get(path), AppError, path)
})

test('what is asked is told apart by path and method', () => {
  const kindOf = (method: string, rest: string) =>
    parseGitPath({ method, path: `/gh/o/r.git/${rest}`, query: '' })?.kind
  assert.equal(kindOf('POST', 'git-upload-pack'), 'upload-pack')
  assert.equal(kindOf('POST', 'git-receive-pack'), 'push')
  assert.equal(kindOf('POST', 'info/lfs/objects/batch'), 'batch')
  assert.equal(kindOf('POST', 'info/lfs/locks/verify'), 'push')
  assert.equal(parseGitPath({ method: 'GET', path: `/_lfs/${'a'.repeat(64)}`, query: 'x' })?.kind, 'file')
  for (const [method, rest] of [
    ['POST', 'info/refs'],
    ['GET', 'git-upload-pack'],
    ['DELETE', 'info/lfs/objects/batch'],
    ['GET', 'info/lfs/unknown'],
  ] as const)
    assert.throws(() => kindOf(method, rest), AppError, `${method} ${rest}`)
})

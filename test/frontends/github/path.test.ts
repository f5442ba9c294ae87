import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Cache } from '../../../src/cache/cache.ts'
import { AppError } from '../../../src/domain/errors.ts'
import { createGithubFrontEnd } from '../../../src/frontends/github/front-end.ts'
import { type NamedResource, refOf } from '../../../src/frontends/github/resource.ts'
import type { GithubOperation } from '../../../src/frontends/github/serve.ts'
import { githubKey } from '../../../src/frontends/github/wants.ts'

const front = createGithubFrontEnd(
  // Parsing is pure: it asks nobody.
  { cache: {} as Cache, clock: () => 0, quotaOf: () => undefined },
  {
    enabled: true,
    rewriteScripts: false,
    tokenFor: [],
    refTtl: 0,
    tagTtl: 0,
    staleIfError: 0,
    maxFile: 0,
    hosts: [],
  },
)

function parse(target: string, method = 'GET'): GithubOperation | undefined {
  const [path = '', query = ''] = target.split('?')
  return front.parse({ method, path, query, host: 'cache.test' })
}

/** As people write it. */
function nameOf(target: string): string {
  const resource = parse(target)?.resource
  assert.ok(resource !== undefined, `${target} is not ours`)
  if (resource.kind === 'latest') return `${resource.repository}/latest/${resource.file}`
  if (resource.kind === 'asset') return `asset of ${resource.repositoryId}`
  const named: Exclude<NamedResource, { kind: 'latest' }> = resource
  const { repository, ref } = githubKey(named.repository, refOf(named))
  return `${repository}/${ref}`
}

const COMMIT = '0123456789abcdef0123456789abcdef01234567'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'o/r/releases/download/v1.0/a.tgz': [
    '/https://github.com/o/r/releases/download/v1.0/a.tgz',
    '/https:/github.com/o/r/releases/download/v1.0/a.tgz',
    '/http://github.com/o/r/releases/download/v1.0/a.tgz',
    '/http:/github.com/o/r/releases/download/v1.0/a.tgz',
    '/github.com/o/r/releases/download/v1.0/a.tgz',
    '/gh/o/r/releases/download/v1.0/a.tgz',
    '/sh/https://github.com/o/r/releases/download/v1.0/a.tgz',
    '/sh/gh/o/r/releases/download/v1.0/a.tgz',
    '/gh/sh/https://github.com/o/r/releases/download/v1.0/a.tgz',
    '/HTTPS://GitHub.com:443/O/R.git/releases/download/v1.0/a.tgz',
    '/https://www.github.com/o/r/releases/download/v1%2e0/a.tgz?utm=1',
  ],
  'o/r/releases/download/@scope/pkg@1.0/a.tgz': [
    '/gh/o/r/releases/download/%40scope%2Fpkg%401.0/a.tgz',
    '/gh/o/r/releases/download/@scope/pkg@1.0/a.tgz',
  ],
  'o/r/latest/a.tgz': ['/gh/o/r/releases/latest/download/a.tgz'],
  'o/r/archive/main.tar.gz': ['/gh/o/r/archive/main.tar.gz', '/https://codeload.github.com/o/r/tar.gz/main'],
  'o/r/archive/refs/tags/v1.zip': [
    '/gh/o/r/archive/refs/tags/v1.zip',
    '/https://codeload.github.com/o/r/zip/refs/tags/v1',
  ],
  'o/r/tarball/main': [
    '/gh/o/r/tarball/main',
    '/https://codeload.github.com/o/r/legacy.tar.gz/main',
    '/https://api.github.com/repos/o/r/tarball/main',
  ],
  'o/r/zipball/HEAD': ['/gh/o/r/zipball', '/https://api.github.com/repos/o/r/zipball'],
  'o/r/raw/main/a/b c.sh': [
    '/gh/o/r/raw/main/a/b%20c.sh',
    '/gh/o/r/blob/main/a/b%20c.sh?raw=true',
    '/https://raw.githubusercontent.com/o/r/main/a/b%20c.sh',
    '/https://raw.github.com/o/r/main/a/b%20c.sh',
    '/raw.githubusercontent.com/o/r/main/a/b%20c.sh',
  ],
  'o/r/raw/refs/heads/x/y/info/refs': ['/gh/o/r/raw/refs/heads/x/y/info/refs'],
  'o/r/media/main/big.bin': ['/https://media.githubusercontent.com/media/o/r/main/big.bin'],
  'gist/abc123/raw': ['/https://gist.github.com/u/abc123/raw', '/https://gist.github.com/abc123/raw'],
  [`gist/abc123/raw/${COMMIT}/x.sh`]: [
    `/https://gist.githubusercontent.com/u/ABC123/raw/${COMMIT}/x.sh`,
    `/gist.github.com/u/abc123/raw/${COMMIT}/x.sh`,
  ],
  'gist/abc123/archive/main.zip': ['/https://codeload.github.com/gist/abc123/zip/main'],
  'o/r/api': ['/https://api.github.com/repos/O/r'],
  'o/r/api/releases?per_page=3&page=2': ['/api.github.com/repos/o/r/releases?per_page=3&page=2'],
  'o/r/api/git/ref/heads%2Fx': ['/https://api.github.com/repos/o/r/git/ref/heads%2Fx'],
  'o/api/repos': ['/https://api.github.com/users/o/repos', '/https://api.github.com/orgs/o/repos'],
  'gist/abc/api/commits': ['/https://api.github.com/gists/abc/commits'],
  'asset of 4242': [
    '/https://release-assets.githubusercontent.com/github-production-release-asset/4242/ab-cd?sp=r&sig=x%3D',
    '/https://objects.githubusercontent.com/github-production-release-asset-2e65be/4242/ab-cd?X-Amz-Signature=x',
  ],
}

test('every spelling of an address leads to one name', () => {
  for (const [name, targets] of Object.entries(NAMES))
    for (const target of targets) assert.equal(nameOf(target), name, target)
})

test('what belongs to others is left to them', () => {
  const others = [
    '/',
    '/gh',
    '/v2/gh/repo/manifests/latest',
    '/go/github.com/o/r/@v/list',
    '/hf/o/m/resolve/main/x',
    '/example.com/o/r/releases/download/v1/x',
    '/gh/o/r/info/refs',
    '/gh/o/r.git/info/refs?service=git-upload-pack',
    '/https://github.com/o/r.git/git-upload-pack',
    '/https://github.com/o/r/git-receive-pack',
    '/github.com/o/r.git/info/lfs/objects/batch',
    '/https://gist.github.com/abc123.git/info/refs',
    '/https://git.example.com/team/sub/r.git/info/refs',
  ]
  for (const target of others)
    for (const method of ['GET', 'POST'])
      assert.equal(parse(target, method), undefined, `${method} ${target}`)
})

/** The code of the error that this address is answered with; undefined where there is none. */
function refused(target: string, method = 'GET'): string | undefined {
  try {
    parse(target, method)
    return undefined
  } catch (error) {
    assert.ok(error instanceof AppError, String(error))
    return error.code
  }
}

test('malformed names are refused', () => {
  const raw = '/https://raw.githubusercontent.com/o/r/main'
  const malformed = [
    `${raw}/../x`,
    `${raw}/./x`,
    `${raw}//x`,
    `${raw}/x/`,
    `${raw}/%2e%2e/x`,
    `${raw}/a%2fb`,
    `${raw}/a%5cb`,
    `${raw}/a\\b`,
    `${raw}/a%00b`,
    `${raw}/a%0ab`,
    `${raw}/%zz`,
    `${raw}/%ff`,
    `${raw}/${'x'.repeat(5000)}`,
    `${raw}/x?token=abc`,
    '/gh/o_/../r/raw/main/x',
    '/gh/./r/raw/main/x',
    '/gh/o/../raw/main/x',
    '/gh/o/.git/raw/main/x',
    '/gh/gist/abc/raw/main/x',
    `/gh/${'o'.repeat(40)}/r/raw/main/x`,
    '/gh/o/r/releases/download/%2e%2e%2f/x',
    '/https://user:pw@github.com/o/r/raw/main/x',
    '/https://gist.githubusercontent.com/u/xyz/raw/x',
    '/https://api.github.com/repos/o%2fr/x/y',
    '/https://api.github.com/repos/o/r/a%2f..%2fb',
    '/https://api.github.com/repos/o/r/"x"',
    '/https://api.github.com/repos/o/r?access_token=x',
  ]
  for (const target of malformed) assert.equal(refused(target), 'name_invalid', target)
})

test('pages, and addresses that are nobody', () => {
  const pages = [
    '/https://github.com',
    '/https://github.com/',
    '/gh/o',
    '/gh/o/r',
    '/gh/o/r/issues/1',
    '/gh/o/r/releases',
    '/gh/o/r/releases/tag/v1',
    '/gh/o/r/releases/download/v1',
    '/gh/o/r/archive/main.rar',
    '/gh/o/r/raw/main',
    '/https://gist.github.com/u/abc',
    '/https://api.github.com/rate_limit',
    '/https://api.github.com/search/code?q=x',
    '/https://api.github.com/repositories/4242/releases',
    '/https://release-assets.githubusercontent.com/elsewhere/4242/x',
    '/https://github-cloud.githubusercontent.com/alambic/x',
    '/https://example.com/x',
    '/https://github.com.evil.com/o/r/raw/main/x',
    '/https://github.com@evil.com/o/r/raw/main/x',
    '/https://github.com:8443/o/r/raw/main/x',
    '/sh/example.com/x',
  ]
  for (const target of pages) assert.equal(refused(target), 'not_found', target)
})

test('nothing is ever written', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    for (const target of ['/gh/o/r/raw/main/x', '/https://api.github.com/repos/o/r/releases'])
      assert.equal(refused(target, method), 'unsupported', `${method} ${target}`)
})

test('whether scripts are rewritten is said by the address', () => {
  assert.equal(parse('/gh/o/r/raw/main/x.sh')?.scripts, 'usual')
  assert.equal(parse('/sh/gh/o/r/raw/main/x.sh')?.scripts, 'rewritten')
  assert.equal(parse('/sh/gh/o/r/raw/main/x.sh?original=1')?.scripts, 'original')
})

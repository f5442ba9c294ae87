import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../../src/domain/errors.ts'
import { parseHfPath } from '../../../src/frontends/hf/path.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'

/** What a path leads to, on one line: kind, repository, revision, path, query. */
function read(address: string): string {
  const [path = '', query = ''] = address.split('?')
  try {
    const found = parseHfPath(path, query)
    if (found === undefined) return 'none of ours'
    const { kind, repo, ...rest } = { repo: undefined, ...found }
    const name = repo === undefined ? [] : [`${repo.type}/${repo.name}`]
    return [kind, ...name, ...Object.values(rest).filter((part) => part !== '')].join(' ')
  } catch (error) {
    assert.ok(error instanceof AppError, `${address}: ${String(error)}`)
    return error.code
  }
}

const GOOD: readonly (readonly [string, string])[] = [
  ['/v2/', 'none of ours'],
  ['/hfx/org/m/resolve/main/a', 'none of ours'],
  ['/hf/org/m/resolve/main/a/b.json?download=true', 'file models/org/m main a/b.json'],
  ['/hf/gpt2/resolve/main/a', 'file models/gpt2 main a'],
  ['/hf/datasets/squad/resolve/main/a', 'file datasets/squad main a'],
  ['/hf/datasets/o/s/resolve/main/a', 'file datasets/o/s main a'],
  ['/hf/spaces/o/s/raw/main/a', 'raw spaces/o/s main a'],
  ['/hf/resolve/m/resolve/main/a', 'file models/resolve/m main a'],
  ['/hf/o/resolve/resolve/main/a', 'file models/o/resolve main a'],
  ['/hf/o/m/resolve/resolve/resolve/resolve', 'file models/o/m resolve resolve/resolve'],
  ['/hf/o/m/resolve/refs%2Fpr%2F1/a', 'file models/o/m refs/pr/1 a'],
  ['/hf/o/m/resolve/refs/convert/parquet/a', 'file models/o/m refs/convert/parquet a'],
  ['/hf/o/m/resolve/main/%C3%A4%20%2B.txt', 'file models/o/m main ä +.txt'],
  ['/hf/o/m/resolve/main/a%252e', 'file models/o/m main a%2e'],
  [`/hf/api/resolve-cache/models/o/m/${COMMIT}/a%2Fb?etag=x`, `file models/o/m ${COMMIT} a/b`],
  ['/hf/api/models/o/m', 'info models/o/m main'],
  ['/hf/api/models/gpt2?blobs=True&x=1', 'info models/gpt2 main blobs=True'],
  [
    '/hf/api/datasets/o/s/revision/v1.0?expand=sha&expand=author',
    'info datasets/o/s v1.0 expand=author&expand=sha',
  ],
  ['/hf/api/models/o/m/tree/main?recursive=1', 'tree models/o/m main recursive=1'],
  ['/hf/api/models/o/m/tree/main/', 'tree models/o/m main'],
  ['/hf/api/models/o/m/tree/refs%2Fpr%2F2/a/b', 'tree models/o/m refs/pr/2 a/b'],
  ['/hf/api/models/o/m/commits/main?p=1&limit=2', 'commits models/o/m main limit=2&p=1'],
  ['/hf/api/models/o/m/paths-info/main', 'paths models/o/m main'],
  ['/hf/api/spaces/o/m/refs?include_prs=1', 'refs spaces/o/m include_prs=1'],
  ['/hf/api/models/o/m/auth-check', 'access models/o/m'],
  ['/hf/api/models?search=a%20b&x=', 'search models search=a+b&x='],
  ['/hf/api/whoami-v2', 'whoami'],
  ['/hf/v2/o/m/manifests/Q4_K_M', 'manifest models/o/m Q4_K_M'],
]

const BAD = [
  '/hf/o/m/resolve/main/../../x',
  '/hf/o/m/resolve/main/%2e%2e/x',
  '/hf/o/m/resolve/main/..%2Fx',
  '/hf/o/m/resolve/main/a//b',
  '/hf/o/m/resolve/main/a%00b',
  '/hf/o/m/resolve/main/a%5Cb',
  '/hf/o/m/resolve/main/%ff',
  '/hf/o/m/resolve/main/a%',
  '/hf/o/m/resolve/main/.git/config',
  '/hf/o/m/resolve/-x/a',
  '/hf/o/m/resolve/a..b/a',
  '/hf/o/m/resolve/%20/a',
  '/hf/o/../resolve/main/a',
  '/hf/o%2Fm/x/resolve/main/a',
  '/hf/.o/m/resolve/main/a',
  '/hf/o--x/m/resolve/main/a',
  '/hf/o/m%0d/resolve/main/a',
  '/hf/api/models/o/m/tree/main/a/../b',
  '/hf/api/models/o/m/tree/%2e%2e',
  '/hf/api/models/o/m/tree/main?cursor=%01',
  '/hf/v2/o/m/manifests/a%2Fb',
  `/hf/o/m/resolve/main/${'x'.repeat(5000)}`,
]

const ABSENT = [
  '/hf',
  '/hf/',
  '/hf/o/m',
  '/hf/o/m/blob/main/a',
  '/hf/o/m/resolve/main',
  '/hf/o/m.git/info/refs',
  '/hf/api',
  '/hf/api/papers/1',
  '/hf/api/models/o/m/xet-read-token/main',
  '/hf/api/models/o/m/paths-info/main/a',
  '/hf/v2/',
  '/hf/v2/library/alpine/blobs/sha256:00',
]

test('paths of the hub', () => {
  for (const [path, found] of GOOD) assert.equal(read(path), found, path)
})

test('what nobody may ask for is refused, after being decoded once', () => {
  for (const path of BAD) assert.equal(read(path), 'name_invalid', path)
})

test('what the hub has and we have not', () => {
  for (const path of ABSENT) assert.equal(read(path), 'not_found', path)
})

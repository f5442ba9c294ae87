import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPassing } from '../../src/domain/file-lasting.ts'
import type { FrontEndName } from '../../src/domain/names.ts'

const C = '0123456789abcdef0123456789abcdef01234567'

const PASSING: readonly [FrontEndName, string, readonly string[]][] = [
  ['go', 'golang.org/x/text', ['@v/list', '@latest', '@v/main.info']],
  ['go', 'sumdb/sum.golang.org', ['latest']],
  ['hf', 'models/org/model', ['revision/main', 'refs', 'refs?x=1', 'auth-check', 'manifests/latest']],
  ['github', 'owner/repo', ['renamed', 'releases/latest', 'raw/main/a', 'archive/main.zip', 'zipball/main']],
  ['github', 'owner/repo', ['api/releases', 'api/releases/latest', 'api']],
  ['github', 'gist/1', ['raw', 'raw/a.txt']],
]
const LASTING: readonly [FrontEndName, string, readonly string[]][] = [
  ['go', 'golang.org/x/text', ['@v/v0.3.0.info', '@v/v0.3.0.zip', '@v/v0.3.0.ziphash']],
  ['go', 'sumdb/sum.golang.org', ['tile/8/0/001', 'lookup/golang.org/x/text@v0.3.0']],
  [
    'hf',
    'models/org/model',
    [`revision/${C}`, `tree/${C}`, `absent/${C}/x`, `${C}/x`, `git/${C}`, `raw/${C}/x`],
  ],
  ['github', 'owner/repo', [`raw/${C}/a`, 'raw/v1.2.3/a', 'raw/refs/tags/one/a', 'archive/v1.2.3.tar.gz']],
  [
    'github',
    'owner/repo',
    ['releases/download/nightly/x', 'api/releases/assets/7 (application/octet-stream)'],
  ],
  ['github', 'gist/1', [`raw/${C}/a.txt`]],
  ['git', 'github.com/owner/repo', [`lfs/${'a'.repeat(64)}`]],
  ['oci', 'library/app', ['latest']],
]

test('what is said of a moment passes, what has a version, a tag or a commit lasts', () => {
  for (const [isOver, table] of [
    [true, PASSING],
    [false, LASTING],
  ] as const)
    for (const [frontEnd, repository, refs] of table)
      for (const ref of refs)
        assert.equal(isPassing({ frontEnd, repository, ref }), isOver, `${repository} ${ref}`)
})

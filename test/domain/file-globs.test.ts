import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { array, assert as assertProperty, constantFrom, property } from 'fast-check'
import { createFileGlob, createFileGlobs, fullFilePattern } from '../../src/domain/file-globs.ts'
import { fileText, keptWith, parseFileName } from '../../src/domain/file-names.ts'
import { type EntryKey, repositoryName } from '../../src/domain/names.ts'

const C = '0123456789abcdef0123456789abcdef01234567'

const key = (frontEnd: EntryKey['frontEnd'], repository: string, ref: string): EntryKey => ({
  frontEnd,
  upstream: frontEnd,
  repository,
  kind: 'file',
  ref,
})
const KEYS = [
  key('go', 'golang.org/x/text', '@v/v0.3.0.zip'),
  key('go', 'golang.org/x/text', '@v/v0.3.0.ziphash'),
  key('go', 'golang.org/x/text', '@v/list'),
  key('go', 'golang.org/x/mod', '@v/v0.4.0.mod'),
  key('hf', 'models/gpt2', `${C}/config.json`),
  key('hf', 'models/org/model', `${C}/onnx/model.onnx`),
  key('hf', 'models/org/model', 'revision/main'),
  key('hf', 'datasets/org/model', `${C}/a.parquet`),
  key('github', 'owner/repo', 'releases/download/v1/x.tgz'),
  key('github', 'owner/repo', 'raw/main/README.md'),
  key('github', 'owner/repo', 'renamed'),
  key('git', 'github.com/owner/repo', `lfs/${'a'.repeat(64)}`),
]
const PATTERNS = [
  'go:golang.org/x/text',
  'go:golang.org/x/text@v0.3.0',
  'go:golang.org/x/*',
  'go:golang.org/**@v0.4*',
  'hf:gpt2',
  'hf:org/*',
  'hf:org/**',
  'hf:datasets/**',
  `hf:org/model/${C}/onnx/model.onnx`,
  'hf:**/*.json',
  'github:owner/repo',
  'github:owner/repo/releases/**',
  'github:**',
  'git:github.com/owner/repo',
  'git:github.com/**',
]

/** What one pattern covers, in the plainest way. */
function covers(match: string, entry: EntryKey): boolean {
  const { isOfAll, isOf } = createFileGlob(match)
  const file = keptWith(entry)
  return isOfAll(repositoryName(entry)) || (file !== undefined && isOf(fileText(file)))
}

suite('many patterns on files at once', () => {
  test('cover what each of them covers', () => {
    assertProperty(
      property(array(constantFrom(...PATTERNS), { maxLength: 10 }), (matches) => {
        const globs = createFileGlobs(matches.map((match, value) => ({ match, value })))
        for (const entry of KEYS)
          assert.deepEqual(
            [...globs.of(entry)].toSorted((a, b) => a - b),
            matches.flatMap((match, at) => (covers(match, entry) ? [at] : [])),
          )
      }),
    )
  })

  test('are looked for in no repository that cannot have a match', () => {
    for (const match of PATTERNS)
      for (const entry of KEYS)
        if (covers(match, entry))
          assert.ok(createFileGlob(match).mayBeIn(repositoryName(entry)), `${match} ${entry.ref}`)
  })

  test('mean what stands beside files only where they mean all of a repository', () => {
    const pointer = key('hf', 'models/org/model', 'revision/main')
    assert.ok(covers('hf:org/model', pointer) && covers('hf:org/*', pointer))
    assert.ok(!covers(`hf:org/model/${C}/**`, pointer))
    // The hash of a version is nothing without it.
    assert.ok(covers('go:golang.org/x/text@v0.3.0', key('go', 'golang.org/x/text', '@v/v0.3.0.ziphash')))
  })
})

test('however a pattern is written, it is compared in one way', () => {
  const same = {
    'HF:models/org/name': 'hf:org/name',
    'hf:models/org/*': 'hf:org/*',
    'hf:datasets/squad/': 'hf:datasets/squad',
    'go:golang.org/x/text/@v/v0.3.0.zip': 'go:golang.org/x/text@v0.3.0',
    'GitHub:Owner/Repo/releases/download/V1/X.tgz': 'github:owner/repo/releases/download/V1/X.tgz',
    'github:Owner/*/releases/**': 'github:owner/*/releases/**',
    'github:**/X.tgz': 'github:**/X.tgz',
    'git:github.com/owner/repo.git': 'git:github.com/owner/repo',
    'git:GitHub.com/Owner/Repo': 'git:github.com/owner/repo',
    'git:GitHub.com/Owner/*': 'git:github.com/owner/*',
    'git:Git.Example.org/Owner/Repo': 'git:git.example.org/Owner/Repo',
    'git:*/Owner/Repo': 'git:*/Owner/Repo',
    'go:golang.org/x/*': 'go:golang.org/x/*',
  }
  for (const [pattern, full] of Object.entries(same)) {
    assert.equal(fullFilePattern(pattern), full, pattern)
    assert.equal(fullFilePattern(full), full)
  }
})

test('names of files are read as they are written', () => {
  for (const entry of KEYS) {
    const file = keptWith(entry)
    if (file !== undefined) assert.deepEqual(parseFileName(fileText(file)), file)
  }
})

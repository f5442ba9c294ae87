import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { array, assert as assertProperty, constantFrom, property } from 'fast-check'
import { createImageGlob } from '../../src/domain/glob.ts'
import { createImageGlobs, isPlain, partPlain } from '../../src/domain/glob-set.ts'

const REPOSITORIES = ['docker.io/library/app', 'docker.io/org/app', 'localhost:5000/app', 'ghcr.io/a/b/c']
const REFERENCES = ['1', '1.2', 'latest', `sha256:${'a'.repeat(64)}`]
const PATTERNS = [
  ...REPOSITORIES,
  ...REPOSITORIES.flatMap((name) => REFERENCES.map((ref) => `${name}${ref.includes(':') ? '@' : ':'}${ref}`)),
  'docker.io/**',
  'docker.io/*/app',
  'docker.io/**:1*',
  '**@sha256:*',
  'localhost:5000/app:?',
]

suite('many image patterns at once', () => {
  test('match what each of them matches', () => {
    assertProperty(
      property(array(constantFrom(...PATTERNS), { maxLength: 12 }), (matches) => {
        const globs = createImageGlobs(matches.map((match, value) => ({ match, value })))
        for (const repository of REPOSITORIES)
          for (const reference of REFERENCES)
            assert.deepEqual(
              [...globs.of(repository, reference)].toSorted((a, b) => a - b),
              matches.flatMap((match, at) => (createImageGlob(match)(repository, reference) ? [at] : [])),
            )
      }),
    )
  })

  test('plain ones part into repository and reference', () => {
    assert.ok(PATTERNS.slice(0, 20).every(isPlain))
    assert.deepEqual(partPlain('localhost:5000/app'), {
      repository: 'localhost:5000/app',
      reference: undefined,
    })
    assert.deepEqual(partPlain('localhost:5000/app:1'), { repository: 'localhost:5000/app', reference: '1' })
    assert.deepEqual(partPlain('a/b@sha256:00'), { repository: 'a/b', reference: 'sha256:00' })
  })
})

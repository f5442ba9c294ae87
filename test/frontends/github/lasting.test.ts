import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastingOf } from '../../../src/frontends/github/lasting.ts'

const COMMIT = '0123456789abcdef0123456789abcdef01234567'
const raw = (path: string) => lastingOf({ kind: 'raw', repository: 'o/r', path, isPage: false })
const archive = (ref: string) =>
  lastingOf({ kind: 'archive', repository: 'o/r', format: 'zip', ref, via: 'github.com' })
const gist = (path: string) => lastingOf({ kind: 'gist', repository: 'gist/a', user: 'u', path })

test('only whole commits last for good', () => {
  assert.deepEqual([raw(`${COMMIT}/x`), archive(COMMIT), gist(`${COMMIT}/x`)], ['always', 'always', 'always'])
  for (const short of [COMMIT.slice(1), `${COMMIT}0`, COMMIT.replace('0', 'g')]) {
    assert.equal(raw(`${short}/x`), 'branch')
    assert.equal(archive(short), 'branch')
  }
  assert.equal(raw(`refs/heads/${COMMIT}/x`), 'branch')
  // A file may be called like a commit.
  assert.equal(gist(COMMIT), 'branch')
})

test('tags are what is called so, and what can hardly be a branch', () => {
  for (const ref of ['refs/tags/x', 'v1.2.3', '1.2.3', '1.2.3-rc.1', 'v10.0.0+build']) {
    assert.equal(archive(ref), 'tag', ref)
    assert.equal(raw(`${ref}/file`), 'tag', ref)
  }
  for (const ref of ['main', 'v1.2', '1.x', 'release-1.2.3', 'refs/heads/v1.2.3', 'HEAD'])
    assert.equal(archive(ref), 'branch', ref)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileDetail, FileRow, FileSums } from '../../src/api/contract-files.ts'
import { pull } from '../api/files-support.ts'
import { basic } from '../auth/support.ts'
import { startFakeGo } from '../support/fake-go.ts'
import { PASSWORDS, startConsole } from '../ui/console.ts'

test('users see nothing of what they may not pull, in no list, sum or detail', async (t) => {
  const go = await startFakeGo(t)
  const { cache } = await startConsole(t, {
    limits: { requests: '0' },
    auth: { anonymous_pull: 'all' },
    go: { upstream: [{ url: go.url }], sumdb: [] },
    rule: [{ effect: 'deny', match: ['go:example.com/secret'], users: ['bob'] }],
  })
  for (const module of ['example.com/open', 'example.com/secret']) {
    // The same bytes in both.
    go.publish({ module, version: 'v1.0.0', files: { 'go.mod': 'module example.com/same' } })
    await pull(cache, `/go/${module}/@v/v1.0.0.mod`)
  }
  const ask = async <T>(who: 'alice' | 'bob', path: string): Promise<T> => {
    const headers = { authorization: basic(who, PASSWORDS[who]) }
    return JSON.parse((await cache.fetch(`/api/v1${path}`, { headers })).body.toString()) as T // as the API says
  }
  const rows = async (who: 'alice' | 'bob') =>
    (await ask<{ items: FileRow[] }>(who, '/files')).items.map(({ name }) => name)
  assert.deepEqual(await rows('alice'), ['go:example.com/open@v1.0.0', 'go:example.com/secret@v1.0.0'])
  assert.deepEqual(await rows('bob'), ['go:example.com/open@v1.0.0'])
  const kinds = async (who: 'alice' | 'bob') =>
    (await ask<{ items: FileSums[] }>(who, '/files/kinds')).items[0]?.files
  assert.deepEqual([await kinds('alice'), await kinds('bob')], [2, 1])
  const open = '/file?name=go:example.com/open@v1.0.0'
  assert.deepEqual((await ask<FileDetail>('alice', open)).sharedWith, ['go:example.com/secret@v1.0.0'])
  assert.deepEqual((await ask<FileDetail>('bob', open)).sharedWith, [])
  for (const name of ['go:example.com/secret@v1.0.0', 'go:example.com/secret@v9.9.9']) {
    const { error } = await ask<{ error: { code: string } }>('bob', `/file?name=${name}`)
    assert.equal(error.code, 'denied', 'cached or not')
  }
})

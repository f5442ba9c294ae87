import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDatabase, SUM_GOLANG_ORG } from '../../../src/domain/checksum-database.ts'

test('databases are named as in GOSUMDB', () => {
  const known = { name: 'sum.golang.org', url: 'https://sum.golang.org', key: SUM_GOLANG_ORG }
  assert.deepEqual(parseDatabase('sum.golang.org'), known)
  assert.deepEqual(parseDatabase(SUM_GOLANG_ORG), known)
  assert.deepEqual(parseDatabase('sum.golang.google.cn'), { ...known, url: 'https://sum.golang.google.cn' })
  assert.deepEqual(parseDatabase('sum.corp/db http://10.0.0.5:8080/x'), {
    name: 'sum.corp/db',
    url: 'http://10.0.0.5:8080/x',
    key: undefined,
  })
  const key = 'sum.corp+01234567+AAAA'
  assert.deepEqual(parseDatabase(key), { name: 'sum.corp', url: 'https://sum.corp', key })
  for (const text of ['', 'off and on x', '../x', 'a b c', 'name+key'])
    assert.equal(parseDatabase(text), undefined, text)
})

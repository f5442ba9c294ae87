import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRequestLog, type RequestRecord } from '../support/request-log.ts'

function record(fields: Partial<RequestRecord> = {}): RequestRecord {
  return {
    at: 0,
    role: 'registry',
    method: 'GET',
    path: '/v2/',
    query: '',
    headers: {},
    kind: 'ping',
    connection: 1,
    status: 0,
    bytesSent: 0,
    finished: false,
    closed: false,
    ...fields,
  }
}

void describe('the request log', () => {
  void it('counts, lists and sums what fits every field of the filter', () => {
    const log = createRequestLog()
    log.add(record({ kind: 'blob', ref: 'a', bytesSent: 3 }))
    log.add(record({ kind: 'blob', ref: 'b', bytesSent: 4, method: 'HEAD' }))
    log.add(record())
    assert.equal(log.count(), 3)
    assert.equal(log.count({ kind: 'blob' }), 2)
    assert.equal(log.count({ kind: 'blob', method: 'GET' }), 1)
    assert.equal(log.bytes({ kind: 'blob' }), 7)
    assert.deepEqual(
      log.list({ ref: 'b' }).map((r) => r.method),
      ['HEAD'],
    )
    log.clear()
    assert.equal(log.count(), 0)
  })

  void it('finds a record that is there already', async () => {
    const log = createRequestLog()
    log.add(record({ ref: 'a' }))
    assert.equal((await log.waitFor((r) => r.ref === 'a')).ref, 'a')
  })

  void it('waits for one that comes and for one that changes', async () => {
    const log = createRequestLog()
    const came = log.waitFor((r) => r.kind === 'blob')
    const closed = log.waitFor((r) => r.closed)
    const added = record({ kind: 'blob' })
    log.add(added)
    assert.equal(await came, added)
    added.closed = true
    log.changed()
    assert.equal(await closed, added)
  })

  void it('rejects in the end and says what came instead', async () => {
    const log = createRequestLog()
    log.add(record({ path: '/v2/seen' }))
    await assert.rejects(
      log.waitFor(() => false, 1),
      /within 1 ms[^]*GET \/v2\/seen/,
    )
  })
})

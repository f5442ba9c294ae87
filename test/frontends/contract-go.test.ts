import assert from 'node:assert/strict'
import { MINUTE } from '../../src/domain/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { startFakeFiles } from '../support/fake-files.ts'
import { startGoLab } from '../support/fake-go-lab.ts'
import { moduleZip } from '../support/fake-go-zip.ts'
import { type Contract, controlsOf } from './contract.ts'
import { runContract } from './contract-suite.ts'

const ZIP = moduleZip('example.com/Foo', 'v1.0.0', {
  'go.mod': 'module example.com/Foo\n',
  'data.bin': randomBytesFrom(91, 700_000),
})
const LIST = Buffer.from('v1.0.0\n')
const LONGER = Buffer.from('v1.0.0\nv1.1.0\n')

const contract: Contract = {
  name: 'Go modules',
  match: 'go:example.com/**',
  ttl: MINUTE,
  small: undefined,
  malformed: [
    { path: '/go/example.com/Foo/@v/list', status: 404 },
    { path: '/go/example.com/../@v/list', status: 404 },
    { path: '/go/example.com%2ffoo/@latest', status: 404 },
    { path: '/go/v2/library/alpine/manifests/latest', status: 404 },
  ],
  statuses: { missing: 404, denied: 403, tooLarge: 413, down: 502, failed: 502, limited: 429 },
  assertError: ({ headers, body }) => {
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8')
    assert.match(body.toString(), /^[\x20-\x7e]+\n$/)
  },
  start: async (t, { clock, config }) => {
    const files = await startFakeFiles()
    files.put('/example.com/!foo/@v/v1.0.0.zip', { content: ZIP, etag: '"zip"' })
    files.put('/example.com/!foo/@v/list', { content: LIST, etag: '"one"' })
    const upstreams = [{ name: 'proxy.test', url: files.url }]
    const lab = await startGoLab(t, { clock, config, upstreams })
    t.after(() => files.close())
    return {
      cache: { fetch: lab.get, log: lab.log },
      upstream: controlsOf(files, () => true),
      lasting: { path: '/go/example.com/%21foo/@v/v1.0.0.zip', bytes: ZIP },
      changing: {
        path: '/go/example.com/%21foo/@v/list',
        bytes: LIST,
        change: () => {
          files.put('/example.com/!foo/@v/list', { content: LONGER, etag: '"two"' })
          return LONGER
        },
      },
      missing: '/go/example.com/none/@v/list',
      addKey: lab.addKey,
    }
  },
}

runContract(contract)

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'smol-toml'
import { loadConfig } from '../../src/config/load.ts'
import { openIndex } from '../../src/db/index.ts'
import { systemClock } from '../../src/domain/clock.ts'
import { createEntrance } from '../../src/entrance.ts'
import type { FrontEnd } from '../../src/frontends/front-end.ts'
import { createPipeline } from '../../src/http/pipeline.ts'
import { createVirtualHosts } from '../../src/http/virtual-hosts.ts'
import { MIGRATIONS } from '../auth/support.ts'
import { collectorLog } from '../support/collector-log.ts'
import { fetchAll } from '../support/http.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

/** Answers with where it would send its client for the next page. */
const ECHO: FrontEnd<string> = {
  name: 'hf',
  parse: ({ path }) => (path.startsWith('/hf/') ? path : undefined),
  needOf: () => 'pull',
  serve: async (path, { res, withKey, urlOf }) =>
    void res.end(`${withKey(path)} ${urlOf('/hf/next')} ${urlOf('/_lfs/x')}`),
  fail: (error, { res }) => void res.writeHead(error.facts.status).end(error.message),
}

/** What a client reads that asks for a path at a host. */
async function start(t: Cleanup, server: Readonly<Record<string, unknown>> = {}) {
  const dir = await tempDir(t)
  const file = join(dir, 'config.toml')
  await writeFile(file, stringify({ server, storage: { path: join(dir, 'data') } }), { mode: 0o600 })
  const { config } = loadConfig({ file, env: {} })
  const log = collectorLog()
  const index = openIndex(join(dir, 'cachalot.db'), MIGRATIONS)
  const entrance = createEntrance({ initial: config, index, clock: systemClock, log })
  const handle = createPipeline({
    frontEnds: [ECHO],
    fallback: (_, res) => void res.writeHead(404).end('a page'),
    placeOf: createVirtualHosts([{ host: 'hf.test', prefix: '/hf', keeps: ['_lfs'] }]),
    door: entrance,
    note: () => undefined,
    log,
  })
  const listener = createServer(handle)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    listener.close()
    listener.closeAllConnections()
    await index.close()
  })
  const { port } = listener.address() as AddressInfo // a TCP server has no other address
  const ask = async (path: string, host: string, more: Record<string, string> = {}) =>
    (await fetchAll(`http://127.0.0.1:${port}`, { path, headers: { host, ...more } })).body.toString()
  const { secret } = await entrance.keys.create({ name: 'ci', by: 'local', expiresAt: undefined })
  return { ask, secret }
}

void test('own addresses are those that the client came by, with its key and without the prefix of its host', async (t) => {
  const { ask, secret } = await start(t)
  assert.equal(await ask('/hf/a', 'cache:5000'), '/hf/a http://cache:5000/hf/next http://cache:5000/_lfs/x')
  assert.equal(
    await ask(`/k/${secret}/hf/a`, 'cache:5000'),
    `/k/${secret}/hf/a http://cache:5000/k/${secret}/hf/next http://cache:5000/k/${secret}/_lfs/x`,
  )
  assert.equal(await ask('/a', 'HF.test:8080'), '/a http://HF.test:8080/next http://HF.test:8080/_lfs/x')
  assert.equal(
    await ask(`/k/${secret}/a`, 'hf.test'),
    `/k/${secret}/a http://hf.test/k/${secret}/next http://hf.test/k/${secret}/_lfs/x`,
  )
  // An organisation may be called as the prefix is.
  assert.equal(await ask('/hf/a', 'hf.test'), '/hf/a http://hf.test/next http://hf.test/_lfs/x')
  assert.equal(await ask('/_lfs/x', 'hf.test'), 'nothing here\n')
  assert.equal(await ask('/ui/', 'cache'), 'a page')
})

void test('public_url is the base, but for virtual hosts, which keep its scheme', async (t) => {
  const { ask } = await start(t, { public_url: 'https://cache.example.com' })
  const published = 'https://cache.example.com/hf/next https://cache.example.com/_lfs/x'
  assert.equal(await ask('/hf/a', 'evil.example.com'), `/hf/a ${published}`)
  assert.equal(await ask('/a', 'hf.test'), '/a https://hf.test/next https://hf.test/_lfs/x')
})

void test('the scheme of a virtual host is that of a proxy only where that is believed', async (t) => {
  const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '10.0.0.7' }
  const open = await start(t)
  assert.match(await open.ask('/a', 'hf.test', forwarded), / http:\/\/hf\.test\/next/)
  const { ask } = await start(t, { trusted_proxies: ['127.0.0.1'] })
  assert.match(await ask('/a', 'hf.test', forwarded), / https:\/\/hf\.test\/next/)
})

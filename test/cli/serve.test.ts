import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { fetchAll, openStream } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'
import { run, start } from './support.ts'

interface Settings {
  readonly upstream?: string
  readonly listen?: string
  readonly extra?: string
  readonly folder?: string
}

async function configure(t: TestContext, settings: Settings = {}): Promise<{ file: string; folder: string }> {
  const folder = settings.folder ?? (await tempDir(t))
  const file = join(folder, 'config.toml')
  writeFileSync(
    file,
    `[server]
listen = "${settings.listen ?? '127.0.0.1:0'}"
[storage]
path = "data"
${settings.extra ?? ''}
[[upstream]]
name = "docker.io"
url = "${settings.upstream ?? 'http://127.0.0.1:1'}"
`,
  )
  return { file, folder }
}

const LISTENING = /listening on\s+(http:\/\/127\.0\.0\.1:\d+)/

void test('the first lines say address, data folder, quota and upstreams', async (t) => {
  const { file, folder } = await configure(t)
  const server = start(t, ['serve', '--config', file])
  await server.seen(LISTENING)
  await server.seen(/upstreams\s+docker\.io \(default\)/)
  assert.ok(server.text().includes(join(folder, 'data')))
  assert.match(server.text(), /quota\s+50 GiB/)
})

void test('the first lines say what clients of other protocols are given', async (t) => {
  const extra = '[huggingface]\nenabled = false\n[go]\nhosts = ["go.lan"]\n'
  const { file } = await configure(t, { extra })
  const server = start(t, ['serve', '--config', file])
  const [, url = ''] = await server.seen(LISTENING)
  await server.seen(/try\s+docker pull/)
  const text = server.text()
  assert.ok(text.includes(`GitHub        ${url}/https://github.com/owner/repo/releases/`), text)
  assert.ok(text.includes(`git           git clone ${url}/https://github.com/owner/repo\n`), text)
  assert.ok(text.includes(`Go            GOPROXY=http://go.lan:${new URL(url).port}\n`), text)
  assert.ok(!text.includes('HF_ENDPOINT'), text)
})

void test('healthcheck and readyz are well, and SIGTERM ends with 0', async (t) => {
  const { file } = await configure(t)
  const server = start(t, ['serve', '--config', file])
  const [, url = ''] = await server.seen(LISTENING)
  assert.equal((await run(t, ['healthcheck', '--url', `${url}/healthz`])).code, 0)
  assert.equal((await fetchAll(`${url}/readyz`)).status, 200)
  server.child.kill('SIGTERM')
  assert.equal((await server.ended).code, 0)
})

void test('a port that is in use is said in words', async (t) => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  // A listening TCP server has an address object.
  const { port } = other.address() as AddressInfo
  const { code, err } = await run(t, [
    'serve',
    '--config',
    (await configure(t, { listen: `127.0.0.1:${port}` })).file,
  ])
  assert.equal(code, 1)
  assert.match(err, new RegExp(`port ${port} is in use.*server\\.listen`))
})

void test('a data folder that cannot be made is said in words', async (t) => {
  const { file, folder } = await configure(t)
  writeFileSync(join(folder, 'data'), 'a file where the folder should be')
  const { code, err } = await run(t, ['serve', '--config', file])
  assert.equal(code, 1)
  assert.match(err, /data folder .*data cannot be made or written .*storage\.path/)
})

void test('a saved file and SIGHUP bring the new configuration to work; a broken one keeps the old', async (t) => {
  await using hub = await startFakeUpstream()
  hub.addImage('library/app', { tags: ['1'] })
  const { file, folder } = await configure(t)
  const server = start(t, ['serve', '--config', file])
  const [, url = ''] = await server.seen(LISTENING)
  assert.equal((await fetchAll(`${url}/v2/app/manifests/1`)).status, 503)
  await configure(t, { folder, upstream: hub.url })
  await server.seen(/configuration reloaded/)
  assert.equal((await fetchAll(`${url}/v2/app/manifests/1`)).status, 200)
  writeFileSync(file, 'nonsense = ')
  await server.seen(/config\.toml.*1/)
  assert.equal((await fetchAll(`${url}/v2/app/manifests/1`)).status, 200)
  await configure(t, { folder, upstream: hub.url, extra: 'max_size = "3GiB"' })
  server.child.kill('SIGHUP')
  await server.seen(/configuration reloaded[\s\S]*configuration reloaded/)
})

void test('SIGTERM lets a running answer finish and keeps what is unfinished for the next start', async (t) => {
  await using hub = await startFakeUpstream()
  const blob = hub.addBlob('library/app', { size: 6_000_000, seed: 7 })
  hub.bandwidth = 6_000_000
  const { file } = await configure(t, { upstream: hub.url })
  const server = start(t, ['serve', '--config', file])
  const [, url = ''] = await server.seen(LISTENING)
  const pull = await openStream(`${url}/v2/app/blobs/${blob.digest}`)
  await pull.read(100_000)
  server.child.kill('SIGTERM')
  const end = await pull.rest()
  assert.equal(end.complete, true)
  assert.equal((await server.ended).code, 0)
})

void test('a second SIGTERM ends it at once, and the next start goes on where it stopped', async (t) => {
  await using hub = await startFakeUpstream()
  const blob = hub.addBlob('library/app', { size: 8_000_000, seed: 8 })
  hub.bandwidth = 4_000_000
  const { file } = await configure(t, { upstream: hub.url })
  const first = start(t, ['serve', '--config', file])
  const [, url = ''] = await first.seen(LISTENING)
  const pull = await openStream(`${url}/v2/app/blobs/${blob.digest}`)
  await pull.read(2_000_000)
  first.child.kill('SIGTERM')
  await first.seen(/a second signal ends them now/)
  first.child.kill('SIGTERM')
  assert.equal((await first.ended).code, 1)
  const second = start(t, ['serve', '--config', file])
  const [, again = ''] = await second.seen(LISTENING)
  const whole = await fetchAll(`${again}/v2/app/blobs/${blob.digest}`)
  assert.equal(whole.status, 200)
  assert.equal(whole.body.length, 8_000_000)
  const ranges = hub.requests.list({ kind: 'blob' }).map((request) => request.headers['range'])
  assert.match(String(ranges.at(-1)), /^bytes=\d{6,}-$/)
})

void test('a second process on the same data folder is safe and takes over when the first is gone', async (t) => {
  const { file } = await configure(t)
  const first = start(t, ['serve', '--config', file])
  await first.seen(LISTENING)
  const second = start(t, ['serve', '--config', file])
  await second.seen(/shared with another Cachalot/)
  first.child.kill('SIGTERM')
  await first.ended
  const [, url = ''] = await second.seen(LISTENING)
  assert.equal((await fetchAll(`${url}/readyz`)).status, 200)
})

void test('an unwritable data folder is said in words', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, async (t) => {
  const { file, folder } = await configure(t)
  chmodSync(folder, 0o500)
  const { code, err } = await run(t, ['serve', '--config', file])
  assert.equal(code, 1)
  assert.match(err, /cannot be made or written/)
})

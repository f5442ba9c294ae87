import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { suite, test } from 'node:test'
import {
  assertNoParts,
  assertStoreSound,
  blobFiles,
  blobPath,
  digestOf,
  manifestPath,
} from '../e2e/support.ts'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import type { Cleanup } from '../support/temp.ts'
import { answer, createChance, type Script, startScripted } from './incoming-support.ts'

const TYPE = 'Content-Type: application/vnd.oci.image.manifest.v1+json'
const BODY = Buffer.from('{"schemaVersion":2,"layers":[]}')
const SMUGGLED = answer(200, 'smuggled', [TYPE])

/** Heads of an answer with BODY, each broken in its way. */
const BROKEN: Readonly<Record<string, readonly string[]>> = {
  'two lengths': ['Content-Length: 31', 'Content-Length: 30'],
  'a list of lengths': ['Content-Length: 31, 31'],
  'length and chunks': ['Content-Length: 31', 'Transfer-Encoding: chunked'],
  'a signed length': ['Content-Length: +31'],
  'a hexadecimal length': ['Content-Length: 0x1f'],
  'a space before a colon': ['Content-Length : 31'],
  'NUL in a header': ['X-A: b\0c', 'Content-Length: 31'],
  'no colon': ['Content-Length 31', 'Content-Length: 31'],
  'a header of 64 kB': [`X-A: ${'b'.repeat(65_536)}`, 'Content-Length: 31'],
  '10,000 headers': [...Array.from({ length: 10_000 }, (_, i) => `X-${i}: b`), 'Content-Length: 31'],
  'a bare line feed': ['X-A: b\nContent-Length: 31'],
}

async function startBehind(t: Cleanup, script: Script) {
  const upstream = await startScripted(t, script)
  const cache = await startCachalot(t, { hub: upstream })
  return { upstream, cache }
}

/** SEC-25 */
suite('an answer that is no HTTP', () => {
  for (const [what, headers] of Object.entries(BROKEN)) {
    test(`is neither passed on nor kept, and spoils nothing that follows: ${what}`, async (t) => {
      let isBroken = true
      const head = ['HTTP/1.1 200 OK', TYPE, ...headers, '', ''].join('\r\n')
      const broken = Buffer.concat([Buffer.from(head, 'latin1'), BODY, SMUGGLED])
      const { upstream, cache } = await startBehind(t, () => (isBroken ? broken : answer(200, BODY, [TYPE])))
      for (const path of [manifestPath('1'), manifestPath(digestOf(BODY)), blobPath(digestOf(BODY))]) {
        const refused = await cache.fetch(path)
        assert.ok(refused.status >= 500, `${refused.status}`)
        assert.doesNotMatch(refused.body.toString(), /smuggled/)
      }
      assert.deepEqual(await blobFiles(cache.dataDir), [])
      await assertNoParts(cache.dataDir)
      const accepted = upstream.accepted()
      isBroken = false
      for (const path of [manifestPath('1'), blobPath(digestOf(BODY))]) {
        const good = await cache.fetch(path)
        assert.deepEqual([good.status, good.body], [200, BODY])
      }
      assert.ok(upstream.accepted() > accepted, 'on a connection of its own')
    })
  }

  test('a second answer behind the first is the answer to nothing', async (t) => {
    const { cache } = await startBehind(t, ({ target }) =>
      target.endsWith('/1') ? Buffer.concat([answer(200, BODY, [TYPE]), SMUGGLED]) : answer(404, '{}'),
    )
    assert.deepEqual((await cache.fetch(manifestPath('1'))).body, BODY)
    assert.equal((await cache.fetch(manifestPath('2'))).status, 404)
    await assertStoreSound(cache.dataDir)
  })
})

const LANES = 8
const SHOTS = 125

/** SEC-64 */
test('a thousand mutilated answers leave nobody with wrong bytes, and the server as it was', async (t) => {
  const chance = createChance(64)
  const content = (target: string): Buffer => Buffer.from(JSON.stringify({ is: nameIn(target) }))
  const upstream = await startScripted(t, ({ target, method }, socket) => {
    const body = content(target)
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`
    const whole = answer(200, body, [TYPE, `Docker-Content-Digest: ${digest}`, 'ETag: "a"'])
    const bytes = method === 'HEAD' ? whole.subarray(0, whole.length - body.length) : whole
    // Where lengths are lies, only an end tells that nothing follows.
    socket.end(mutilated(bytes, chance))
    return undefined
  })
  const upstreams = Array.from({ length: LANES }, (_, i) => ({ name: `u${i}.test`, url: upstream.url }))
  const now = { at: Date.UTC(2026, 0, 1) }
  // Breakers rest for seconds at most.
  const cache = await startCachalot(t, { upstreams, clock: () => (now.at += 20_000) })
  const told = { whole: 0, broken: 0 }
  const lane = async (n: number): Promise<void> => {
    for (let shot = 0; shot < SHOTS; shot++) told[await fire(cache, { lane: n, shot, content })]++
  }
  await Promise.all(Array.from({ length: LANES }, (_, n) => lane(n)))
  assert.ok(upstream.asked.length >= LANES * SHOTS)
  assert.ok(told.whole > 100 && told.broken > 100, JSON.stringify(told))
  await assertStoreSound(cache.dataDir)
  assert.equal((await cache.fetch('/v2/')).status, 200)
})

const nameIn = (target: string): string => /^\/v2\/([^?]*)\/(?:blobs|manifests)\//.exec(target)?.[1] ?? ''

/** Asks for a blob, a manifest by digest, or a tag, of which no digest tells what it should be. */
async function fire(
  cache: Cachalot,
  { lane, shot, content }: { lane: number; shot: number; content: (target: string) => Buffer },
): Promise<'whole' | 'broken'> {
  const name = `r/${lane}/${shot}`
  const right = content(`/v2/${name}/blobs/`)
  const kind = ['blobs', 'manifests', 'manifests'][shot % 3] ?? ''
  const reference = shot % 3 === 2 ? '1' : digestOf(right)
  const found = await cache.fetch(`/u${lane}.test/v2/${name}/${kind}/${reference}`, { lint: false })
  if (found.status !== 200 || !found.complete) {
    assert.ok(found.status !== 500, found.body.toString())
    return 'broken'
  }
  const stated = String(found.headers['docker-content-digest'])
  assert.equal(stated, digestOf(found.body))
  if (reference !== '1') assert.deepEqual(found.body, right)
  return 'whole'
}

/** Up to three injuries, in the head more often than behind it. */
function mutilated(bytes: Buffer, chance: () => number): Buffer {
  let text = bytes.toString('latin1')
  const spot = (): number => Math.floor(chance() ** 2 * text.length)
  const injuries: readonly (() => string)[] = [
    () => splice(spot(), 1, String.fromCodePoint(Math.floor(chance() * 256))),
    () => splice(spot(), 1 + Math.floor(chance() * 10), ''),
    () => splice(spot(), 0, '\r\n'),
    () => splice(spot(), 0, '\n'),
    () => splice(spot(), 0, '\0'),
    () => splice(spot(), 0, `${Math.floor(chance() * 1000)}`),
    () => splice(spot(), 0, text.slice(spot(), spot() + 40)),
    () => text.slice(0, spot()),
    () => text.replace(/\d{3}/, `${Math.floor(chance() * 1000)}`),
    () => text.replace(/Content-Length: \d+/, `Content-Length: ${Math.floor(chance() * 1e4)}`),
    () => text.replace(/Content-Length/, 'Transfer-Encoding'),
    () => text.replace('\r\n', '\r\nContent-Encoding: gzip\r\n'),
    () => text + text,
  ]
  const splice = (at: number, gone: number, put: string): string =>
    text.slice(0, at) + put + text.slice(at + gone)
  const count = chance() < 0.2 ? 0 : 1 + Math.floor(chance() * 3)
  for (let i = 0; i < count; i++) text = injuries[Math.floor(chance() * injuries.length)]?.() ?? text
  return Buffer.from(text, 'latin1')
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { advertisementOf } from '../../src/frontends/git/advertise.ts'
import { DELIMITER, encodeLine, FLUSH, PacketError, readPackets } from '../../src/git/pkt-line.ts'
import { isBranch, isSame, parseAdvertisement, parseLsRefs } from '../../src/git/refs.ts'
import { AGENT } from '../../src/git/remote.ts'
import { encodeLsRefs, parseUploadRequest } from '../../src/git/request.ts'
import { lsRefsBody } from '../support/fake-git-wire.ts'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)

test('packets are read to their end, and nothing else is', () => {
  const bytes = Buffer.concat([encodeLine('one'), DELIMITER, Buffer.from('0004'), FLUSH, Buffer.from('0002')])
  assert.deepEqual(readPackets(bytes), [Buffer.from('one\n'), 'delimiter', Buffer.alloc(0), 'flush', 'end'])
  for (const text of ['0', 'zzzz', '0003', '0009abc', 'ffff', '-001', '0x1f'])
    assert.throws(() => readPackets(Buffer.from(text)), PacketError, text)
})

test('lists of refs, of both versions', () => {
  const lines = [
    `${A} HEAD symref-target:refs/heads/main`,
    `${A} refs/heads/main`,
    `${B} refs/tags/v1 peeled:${A}`,
  ]
  const listed = parseLsRefs(Buffer.concat([...lines.map(encodeLine), FLUSH]))
  assert.equal(listed.head, 'refs/heads/main')
  const refs = new Map([
    ['refs/heads/main', A],
    ['refs/tags/v1', B],
  ])
  assert.deepEqual(listed.refs, refs)
  const old = [
    `${A} HEAD\0multi_ack symref=HEAD:refs/heads/main agent=x`,
    ...lines.slice(1, 2),
    `${B} refs/tags/v1`,
  ]
  const service = [encodeLine('# service=git-upload-pack'), FLUSH]
  const said = parseAdvertisement(
    Buffer.concat([...service, ...old.map(encodeLine), encodeLine(`${A} refs/tags/v1^{}`), FLUSH]),
  )
  assert.ok(said.version === 0)
  assert.deepEqual(said.refs, refs)
  assert.equal(said.head, 'refs/heads/main')
  assert.throws(() => parseLsRefs(encodeLine('ERR no')), PacketError)
})

test('what changed there is seen as far as it was asked', () => {
  const here = new Map([
    ['refs/heads/main', A],
    ['refs/heads/old', A],
  ])
  const there = new Map([
    ['refs/heads/main', A],
    ['refs/pull/1/head', B],
  ])
  assert.equal(isSame(here, there, []), false)
  assert.equal(isSame(here, there, ['refs/heads/main']), true)
  assert.equal(isSame(here, there, ['refs/heads/']), false)
  assert.equal(isSame(new Map(there), there, []), true)
})

test('only a branch is given to git as one', () => {
  for (const name of ['refs/heads/main', 'refs/heads/a/b-c_d.e', 'refs/heads/ü'])
    assert.ok(isBranch(name), name)
  for (const name of [
    'HEAD',
    '--upload-pack=x',
    'refs/heads/..',
    'refs/heads/a b',
    'refs/heads/a.lock',
    'refs/tags/x',
  ])
    assert.ok(!isBranch(name), name)
  for (const name of [
    'refs/heads/a\nb',
    'refs/heads/a//b',
    'refs/heads/.a',
    'refs/heads/a@{1}',
    'refs/heads/',
  ])
    assert.ok(!isBranch(name), name)
})

test('requests of both versions', () => {
  const fetch = [`want ${A}\0ofs-delta`, `want ${B}`, `want ${A} thin-pack`]
  assert.throws(() => parseUploadRequest(Buffer.concat(fetch.map(encodeLine))), PacketError)
  const old = Buffer.concat([
    ...[`want ${A} multi_ack agent=git/2`, `want ${B}`].map(encodeLine),
    FLUSH,
    encodeLine('done'),
  ])
  assert.deepEqual(parseUploadRequest(old), { kind: 'fetch', version: 0, wants: [A, B] })
  const ask = {
    kind: 'ls-refs',
    flags: ['peel'],
    prefixes: ['HEAD', 'refs/heads/'],
    objectFormat: 'sha1',
  } as const
  assert.deepEqual(parseUploadRequest(encodeLsRefs(ask, 'x/1')), ask)
})

test('nothing is promised that leads clients elsewhere or that a mirror cannot do', () => {
  const said = [
    'ls-refs=unborn',
    'fetch=shallow filter packfile-uris ref-in-want sideband-all',
    'bundle-uri',
    'session-id=1',
  ]
  assert.deepEqual(readPackets(advertisementOf([...said, 'object-format=sha1', 'agent=git/9'])).map(String), [
    'version 2\n',
    `agent=${AGENT}\n`,
    'ls-refs=unborn\n',
    'fetch=shallow filter\n',
    'object-format=sha1\n',
    'flush',
  ])
})

test('a small request that unpacks to millions of packets is refused, not read', () => {
  const many = (unit: string): Buffer => Buffer.from(`0011command=fetch0001${unit.repeat(1_000_000)}`)
  for (const unit of ['0000', '0004', '0005a'])
    assert.throws(() => parseUploadRequest(many(unit)), /too many packets/)
  const want = `0032want ${'a'.repeat(40)}\n`
  const most = parseUploadRequest(Buffer.from(`0011command=fetch0001${want.repeat(600_000)}`))
  assert.equal(most.kind, 'fetch')
})

test('whoever asks for more prefixes than anybody compares gets everything', () => {
  const prefixesOf = (count: number): readonly string[] => {
    const ask = parseUploadRequest(lsRefsBody(...Array.from({ length: count }, (_, i) => `refs/heads/${i}`)))
    assert.ok(ask.kind === 'ls-refs')
    return ask.prefixes
  }
  assert.equal(prefixesOf(256).length, 256)
  assert.deepEqual(prefixesOf(257), [])
})

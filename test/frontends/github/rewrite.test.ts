import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Content } from '../../../src/cache/want.ts'
import { rewriteScript } from '../../../src/frontends/github/rewrite.ts'
import { readSmall } from '../../../src/frontends/github/small.ts'
import { randomBytesFrom } from '../../support/fake-content.ts'

const HERE = 'https://cache.test/k/ck_key/'
const LEADS = { files: `${HERE}sh/`, clones: HERE }
const rewrite = (text: string): string => rewriteScript(text, LEADS)

const FILE = `${LEADS.files}https://github.com/o/r/releases/download/v1/x.tgz`
const PLAIN = 'https://github.com/o/r/releases/download/v1/x.tgz'

test('addresses of files lead here, whatever is around them', () => {
  const around = [
    ['curl -fsSL ', ''],
    ['curl "', '"'],
    ["curl '", "'"],
    ['URL=', '\n'],
    ['x=$(curl ', ')'],
    ['`curl ', '`'],
    ['url:', ' '],
    ['[', ']'],
    ['git+', ''],
    ['${URL:-', '}'],
    ['<', '>'],
    ['# see ', ''],
    ['a;curl ', ';b'],
    ['curl ', '|sh'],
    ['curl ', '\r\n'],
    ['\xff\xfe ', ' \xff'],
  ]
  for (const [before = '', after = ''] of around)
    assert.equal(rewrite(`${before}${PLAIN}${after}`), `${before}${FILE}${after}`)
})

test('every kind of file that we answer', () => {
  const files = [
    'https://github.com/o/r/releases/latest/download/x',
    'https://github.com/o/r/archive/refs/tags/v1.tar.gz',
    'https://github.com/o/r/raw/main/x',
    'https://github.com/o/r/blob/main/x',
    'https://github.com/o/r/tarball/main',
    'http://github.com/o/r/zipball/main',
    'HTTPS://GitHub.com/o/r/zipball/main',
    'https://raw.githubusercontent.com/o/r/main/x',
    'https://raw.github.com/o/r/main/x',
    'https://gist.githubusercontent.com/u/abc/raw/x',
    'https://gist.github.com/u/abc/raw',
    'https://codeload.github.com/o/r/zip/main',
    'https://api.github.com/repos/o/r/releases/latest',
    'https://media.githubusercontent.com/media/o/r/main/x',
    'https://github.com/${OWNER}/${REPO}/releases/download/${TAG}/x-$(uname -s).tgz',
    'https://github.com/$REPO/releases/download/v1',
    'https://github.com/%s/%s/x',
    'https://api.github.com/$WHAT',
    'https://github.com',
    'https://github.com/',
    'https://github.com$path',
  ]
  for (const file of files) assert.equal(rewrite(`get "${file}"`), `get "${LEADS.files}${file}"`)
})

test('repositories are cloned through us, by addresses that do not rewrite', () => {
  for (const line of [
    'git clone --depth=1 https://github.com/o/r dir',
    'git clone https://github.com/o/r.git',
    'git -C x remote add origin https://github.com/o/r',
    'cd x && git fetch "https://github.com/o/r" main',
    'REMOTE=${REMOTE:-https://github.com/${REPO}.git}',
    'https://gist.github.com/abc.git',
  ])
    assert.equal(rewrite(line), line.replace('https://', `${HERE}https://`))
})

test('what is not ours to answer, and what leads elsewhere already, stays', () => {
  const same = [
    'https://github.com/o/r',
    'https://github.com/o/r/issues/new',
    'https://github.com/o/r/wiki#install',
    'https://api.github.com/rate_limit',
    'https://github.com.evil.com/o/r/raw/main/x',
    'https://github.community/o/r/raw/main/x',
    'https://github.com:8443/o/r/raw/main/x',
    'https://github.com@evil.com/o/r/raw/main/x',
    'https://token@github.com/o/r/raw/main/x',
    'https://mygithub.com/o/r/raw/main/x',
    'https://notraw.githubusercontent.com/o/r/main/x',
    'git@github.com:o/r.git',
    'ssh://github.com/o/r.git',
    'git://github.com/o/r.git',
    'xhttps://github.com/o/r/raw/main/x',
    'https://ghproxy.test/https://github.com/o/r/raw/main/x',
    '${PROXY}https://github.com/o/r/raw/main/x',
    `${HERE}https://github.com/o/r/raw/main/x`,
  ]
  for (const text of same) assert.equal(rewrite(text), text)
})

/** Numbers that look random and are always the same. */
function createChoice(seed: number): (below: number) => number {
  const bytes = randomBytesFrom(seed, 1 << 20)
  let at = 0
  return (below) => {
    at = (at + 4) % (bytes.length - 4)
    return bytes.readUInt32BE(at) % below
  }
}

const ADDRESSES = [
  'https://github.com',
  'http://raw.githubusercontent.com',
  'https://github.com/o/r/raw/main/x',
  '//github.com',
  '/o/r',
  '/releases/download/',
  '.git',
  '.evil.com',
  'https:',
  HERE,
]
const WORDS = [
  '\n',
  ' ',
  '"',
  "'",
  '/',
  '${',
  '}',
  '$X',
  '\xff',
  'x',
  'git clone ',
  '\r\n',
  '`',
  '(',
  ')',
  '\\',
  '@',
].concat(ADDRESSES)

test('whatever a script says: without our addresses it is what it was, and a second time changes nothing', () => {
  const choose = createChoice(7)
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: choose(14) }, () => WORDS[choose(WORDS.length)]).join('')
    const once = rewrite(text)
    assert.equal(rewrite(once), once, JSON.stringify(text))
    const bare = (said: string): string => said.replaceAll(LEADS.files, '').replaceAll(HERE, '')
    assert.equal(bare(once), bare(text), JSON.stringify(text))
    assert.equal(once.endsWith('\n'), text.endsWith('\n'))
  }
})

test('a long line of nothing but addresses takes no long time', () => {
  const text = `${PLAIN} `.repeat(60_000)
  const started = process.cpuUsage().user
  const found = rewrite(text)
  assert.equal(found.length, text.length + 60_000 * LEADS.files.length)
  rewrite('https://github.com/'.repeat(100_000))
  rewrite(`${'git '.repeat(500_000)}https://github.com/o/r`)
  rewrite(`https://github.com/${'${'.repeat(500_000)}`)
  rewrite(`https://github.com/${'${x'.repeat(500_000)}}`)
  assert.ok(process.cpuUsage().user - started < 10_000_000)
})

/** Content that comes in pieces of these lengths, in memory that is used again. */
function piecesOf(bytes: Buffer, choose: (below: number) => number): Content {
  const memory = Buffer.alloc(64)
  return {
    digest: undefined,
    size: bytes.length,
    mediaType: undefined,
    headers: {},
    outcome: 'hit',
    warning: undefined,
    close: () => undefined,
    read: async (range) => {
      let at = range?.start ?? 0
      const end = (range?.end ?? bytes.length - 1) + 1
      return {
        outcome: 'hit',
        run: {
          pull: async (most = 64) => {
            if (at >= end) return undefined
            const length = Math.min(1 + choose(64), most, end - at)
            memory.fill('!')
            bytes.copy(memory, 0, at, at + length)
            at += length
            return { bytes: memory.subarray(0, length), release: () => memory.fill('?') }
          },
          close: () => undefined,
        },
      }
    },
  }
}

test('it does not matter how a script is cut into pieces, and its last line needs no end', async () => {
  const choose = createChoice(11)
  for (let i = 0; i < 50; i++) {
    const text = Array.from({ length: 1 + choose(200) }, () => WORDS[choose(WORDS.length)]).join('')
    const bytes = Buffer.from(`#!/bin/sh\n${text}\ncurl ${PLAIN}`, 'latin1')
    const read = await readSmall(piecesOf(bytes, choose), bytes.length)
    assert.deepEqual(read, bytes)
    assert.ok(rewrite(bytes.toString('latin1')).endsWith(`curl ${FILE}`))
    assert.equal(await readSmall(piecesOf(bytes, choose), bytes.length - 1), undefined)
    assert.equal((await readSmall(piecesOf(bytes, choose), 2, { start: 0, end: 1 }))?.toString(), '#!')
  }
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { redactKeys, splitKey } from '../../src/auth/key-text.ts'
import { parseRange } from '../../src/domain/range.ts'
import { accepts } from '../../src/frontends/oci/accept.ts'
import { nextLink } from '../../src/frontends/oci/pages.ts'
import { parseOciPath } from '../../src/frontends/oci/path.ts'
import { createClientAddress } from '../../src/http/client-address.ts'
import { textOf } from '../../src/observe/text.ts'
import { parseChallenges } from '../../src/upstream/challenge.ts'
import { parseContentRange } from '../../src/upstream/headers.ts'
import { parseRetryAfter } from '../../src/upstream/rate-limit.ts'
import { redact, saidIn } from '../../src/upstream/said.ts'
import { assertLinear } from './incoming-support.ts'

/** Separated by blanks. */
const VISIBLE = `
a A 0 9 " ' \\ \\" , ; : = - . _ / < > <>; <a>; <a>;rel= </ <a { [ {"a": ( % %2 %2e ? & @ #
a- a. a__ /a a/ ../
0-1, 0-, -1, a=b, a=" a=", W/"a", q=0; a/b; */*,
eyJ eyJ- eyJ. a.eyJ token token= x-token http:// http://a
https://a@ ?a= ?= ck_ ck_a /k/ %5f ck%5f 1.2.3.4, [::1], :: \u00e4
`
const OTHERS = [' ', '\t', '\n', '\0', '\u001b', '<a>; ', 'Bearer ', 'Basic ', 'token= ', 'password ', ' /k/']
const PIECES = [...VISIBLE.trim().split(/\s+/), ...OTHERS]

const client = createClientAddress(['0.0.0.0/0', '::/0'])

function attempt(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

/** All that reads text which somebody else chose, before anybody may judge it. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  'a path': (text) => attempt(() => parseOciPath(`/v2/${text}/manifests/1`)),
  'a reference': (text) => attempt(() => parseOciPath(`/v2/a/manifests/${text}`)),
  'a digest': (text) => attempt(() => parseOciPath(`/v2/a/blobs/sha256:${text}`)),
  'a prefix': (text) => attempt(() => parseOciPath(`/${text}/v2/`)),
  'a key': (text) => splitKey(`/v2/k/${text}`),
  'a key in a text': redactKeys,
  'a Range': (text) => parseRange(`bytes=${text}`),
  'an Accept': (text) => accepts(text, 'application/vnd.oci.image.index.v1+json'),
  // Nothing else of a request is looked at.
  'X-Forwarded-For': (text) =>
    client({ headers: { 'x-forwarded-for': text }, socket: { remoteAddress: '10.0.0.1' } } as never),
  'a WWW-Authenticate': parseChallenges,
  'a Content-Range': (text) => parseContentRange(`bytes ${text}`),
  'a Retry-After': (text) => parseRetryAfter(text, 0),
  'an error in text': (text) => saidIn('text/plain', Buffer.from(text), ['secret']),
  'an error in HTML': (text) => saidIn('text/html', Buffer.from(`<p>${text}`), ['secret']),
  'an error in XML': (text) => saidIn('application/xml', Buffer.from(`<?xml?><Error><Code>${text}`), []),
  'an error in JSON': (text) =>
    saidIn('application/json', Buffer.from(JSON.stringify({ message: text })), []),
  'words with secrets': (text) => redact(text, ['secret']),
  'a line of the log': (text) => textOf({ msg: 'request', name: text, agent: text, why: text }),
}

/** SEC-52 */
suite('text of strangers takes time in proportion to its length', () => {
  for (const [what, read] of Object.entries(READERS)) {
    test(what, () => {
      for (const piece of PIECES) assertLinear(what, piece, read)
    })
  }

  test('a Link', () => {
    for (const piece of PIECES) assertLinear('a Link', piece, nextLink)
  })
})

test('what is measured here would be seen', () => {
  assert.throws(() => assertLinear('a pattern', '<', (text) => /<[^>]*>/.exec(text)), /times as long/)
})

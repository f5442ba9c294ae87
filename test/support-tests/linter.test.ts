import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { isRegistryPath, type LintedAnswer, lintResponse } from '../support/linter.ts'

const BODY = Buffer.from('{"schemaVersion":2}')
const DIGEST = digestOf(BODY)
const ERROR = Buffer.from('{"errors":[{"code":"BLOB_UNKNOWN","message":"no such blob"}]}')

/** A right answer of a manifest, with changes; undefined removes a header. */
function answer(
  fields: Partial<Omit<LintedAnswer, 'headers'>>,
  headers: Record<string, string | undefined> = {},
): LintedAnswer {
  const body = fields.body ?? BODY
  return {
    request: { method: 'GET', path: `/v2/library/nginx/manifests/${DIGEST}` },
    status: 200,
    complete: true,
    ...fields,
    body,
    headers: {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'content-length': String(body.length),
      'docker-content-digest': DIGEST,
      'docker-distribution-api-version': 'registry/2.0',
      'x-cache': 'hit',
      ...headers,
    },
  }
}

const BLOB = { method: 'GET', path: `/v2/a/blobs/${DIGEST}` }
const JSON_TYPE = { 'content-type': 'application/json', 'docker-content-digest': undefined }

void describe('the linter', () => {
  for (const [promise, good] of Object.entries({
    'passes a right manifest': answer({}),
    'passes HEAD without body': answer(
      { request: { method: 'HEAD', path: '/v2/a/manifests/b' }, body: Buffer.alloc(0) },
      { 'content-length': '99' },
    ),
    'passes a chunked body': answer({}, { 'content-length': undefined }),
    'passes a cut body': answer({ complete: false, body: BODY.subarray(0, 5) }, { 'content-length': '19' }),
    'passes a right part': answer(
      { request: BLOB, status: 206, body: BODY.subarray(2, 5) },
      { 'content-range': `bytes 2-4/${BODY.length}` },
    ),
    'passes a right error': answer({ status: 404, body: ERROR }, JSON_TYPE),
    'passes 304': answer({ status: 304, body: Buffer.alloc(0) }, { 'content-length': undefined }),
    'passes an answer without X-Cache': answer({}, { 'x-cache': undefined }),
  })) {
    void it(promise, () => assert.deepEqual(lintResponse(good), []))
  }

  for (const [promise, bad, words] of [
    ['sees a wrong length', answer({}, { 'content-length': '7' }), /Content-Length is 7, the body has 19/],
    ['sees a wrong digest', answer({ body: Buffer.from('x') }), /Docker-Content-Digest is/],
    ['sees no digest at all', answer({}, { 'docker-content-digest': 'sha256:AB' }), /is no digest/],
    ['sees a manifest without type', answer({}, { 'content-type': undefined }), /without Content-Type/],
    ['sees parameters', answer({}, { 'content-type': 'a/b; charset=utf-8' }), /has parameters/],
    ['sees compression', answer({}, { 'content-encoding': 'gzip' }), /Content-Encoding is gzip/],
    ['sees a missing API version', answer({}, { 'docker-distribution-api-version': undefined }), /missing/],
    ['sees an invented outcome', answer({}, { 'x-cache': 'HIT' }), /X-Cache says HIT/],
    [
      'sees a part without range',
      answer({ request: BLOB, status: 206 }),
      /Content-Range of a 206 is missing/,
    ],
    [
      'sees a range that does not fit the body',
      answer({ request: BLOB, status: 206 }, { 'content-range': 'bytes 0-3/19' }),
      /Content-Range is bytes 0-3/,
    ],
    ['sees a plain error', answer({ status: 500, body: Buffer.from('oops') }, JSON_TYPE), /not OCI/],
    [
      'sees an invented code',
      answer({ status: 404, body: Buffer.from('{"errors":[{"code":"NOPE","message":"x"}]}') }, JSON_TYPE),
      /unknown code NOPE/,
    ],
    [
      'sees an error that is not JSON',
      answer({ status: 404, body: ERROR }, { 'content-type': 'text/html' }),
      /text/,
    ],
    [
      'sees a body after HEAD',
      answer({ request: { method: 'HEAD', path: '/v2/a/manifests/b' } }),
      /where no body may be/,
    ],
  ] as const) {
    void it(promise, () => {
      const found = lintResponse(bad)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', words)
    })
  }

  void it('knows which paths are the registry’s', () => {
    assert.deepEqual(
      ['/v2', '/v2/', '/v2/a/tags/list', '/go/x/v2/@v/list', '/v2x', '/'].map(isRegistryPath),
      [true, true, true, false, false, false],
    )
  })
})

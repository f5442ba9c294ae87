import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { rebuildDockerfile } from '../../src/api/dockerfile.ts'
import { assertNoParts, blobPath, digestOf, manifestPath } from '../e2e/support.ts'
import { apiOf, pullImage } from '../jobs/support.ts'
import { type Cachalot, startPair } from '../support/cachalot.ts'
import { bytesContent } from '../support/fake-content.ts'
import type { FakeUpstream } from '../support/fake-upstream.ts'
import { buildLayer } from '../support/oci-image.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/** An image with this config, pulled as "app:1". */
async function pullWith(
  { hub, cache }: { hub: FakeUpstream; cache: Cachalot },
  config: unknown,
  rest: object = {},
): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(config))
  const digest = digestOf(bytes)
  hub.putBlob('library/app', digest, bytesContent(bytes))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { digest, size: bytes.length },
      ...rest,
    }),
  )
  hub.addManifest('library/app', {
    bytes: manifest,
    digest: digestOf(manifest),
    mediaType: MANIFEST,
    tags: ['1'],
  })
  await cache.fetch(manifestPath('1'))
  await cache.fetch(blobPath(digest))
  await assertNoParts(cache.dataDir)
}

suite('a manifest', () => {
  test('is told with config, history beside its layers, labels and a Dockerfile', async (t) => {
    const pair = await startPair(t)
    const layers = [buildLayer(1000), buildLayer(2000), buildLayer(3000)]
    const descriptors = layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType }))
    const config = {
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      created: '2026-01-02T03:04:05Z',
      config: {
        User: 'app',
        Entrypoint: ['/entry'],
        Cmd: ['serve'],
        WorkingDir: '/srv',
        Env: ['PATH=/bin', 'A=b'],
        ExposedPorts: { '80/tcp': {} },
        Volumes: { '/data': {} },
        Labels: { 'org.example': 'yes' },
      },
      history: [
        { created: '2026-01-01T00:00:00Z', created_by: '/bin/sh -c #(nop) ADD file:1 in / ' },
        { created_by: 'ENV A=b', empty_layer: true },
        { created_by: 'RUN /bin/sh -c apk add curl   # buildkit' },
      ],
    }
    await pullWith(pair, config, { layers: descriptors, annotations: { who: 'me' } })
    await pair.hub.stop()
    const detail = await apiOf(pair.cache).get('/manifest', { name: 'app:1' })
    const { raw, labels: _labels, ...rest } = detail.config ?? assert.fail('no config')
    assert.deepEqual(JSON.parse(raw), config)
    assert.deepEqual(rest, {
      platform: 'linux/arm64/v8',
      createdAt: '2026-01-02T03:04:05Z',
      user: 'app',
      entrypoint: ['/entry'],
      command: ['serve'],
      workdir: '/srv',
      env: ['PATH=/bin', 'A=b'],
      ports: ['80/tcp'],
      volumes: ['/data'],
    })
    assert.deepEqual(detail.config?.labels, { 'org.example': 'yes' })
    assert.deepEqual(detail.annotations, { who: 'me' })
    assert.deepEqual(
      detail.history.map(({ command, layer }) => [command, layer?.size, layer?.here]),
      [
        ['/bin/sh -c #(nop) ADD file:1 in / ', 1000, false],
        ['ENV A=b', undefined, undefined],
        ['RUN /bin/sh -c apk add curl   # buildkit', 2000, false],
        ['', 3000, false],
      ],
    )
    assert.equal(detail.dockerfile, 'FROM scratch\nADD file:1 in /\nENV A=b\nRUN apk add curl\n')
    assert.equal(digestOf(Buffer.from(detail.raw ?? '')), detail.digest)
  })

  test('without its config says so, and of an index there is no history', async (t) => {
    const { hub, cache } = await startPair(t)
    hub.addIndex('library/app', { tags: ['1'], image: { layers: [1000] } })
    hub.addImage('library/plain', { tags: ['1'], layers: [1000] })
    await cache.fetch(manifestPath('1'))
    await cache.fetch(manifestPath('1', 'library/plain'))
    await assertNoParts(cache.dataDir)
    const index = await apiOf(cache).get('/manifest', { name: 'app:1' })
    assert.deepEqual([index.config, index.history, index.dockerfile], [undefined, [], ''])
    const plain = await apiOf(cache).get('/manifest', { name: 'plain:1' })
    assert.deepEqual([plain.config, plain.history.length, plain.dockerfile], [undefined, 1, ''])
    await assert.rejects(apiOf(cache).get('/manifest', { name: 'plain:2' }), /not cached/)
  })

  test('names the referrers that are cached, and no others', async (t) => {
    const { hub, cache } = await startPair(t)
    const image = hub.addImage('library/app', { tags: ['1'], layers: [1000] })
    const subject = image.manifest.digest
    const kept = hub.addReferrer('library/app', { subject, artifactType: 'application/spdx+json' })
    hub.addReferrer('library/app', { subject, artifactType: 'application/other' })
    await pullImage(cache, image, { repo: 'library/app', tag: '1' })
    await cache.fetch(`/v2/library/app/referrers/${image.manifest.digest}`)
    await cache.fetch(manifestPath(kept.manifest.digest))
    await assertNoParts(cache.dataDir)
    await hub.stop()
    const { referrers } = await apiOf(cache).get('/manifest', { name: 'app:1' })
    assert.deepEqual(
      referrers.map(({ digest, artifactType }) => [digest, artifactType]),
      [[kept.manifest.digest, 'application/spdx+json']],
    )
  })

  test('that lies, or reaches for the terminal, is text at most', async (t) => {
    const pair = await startPair(t)
    const nasty = '\u001b]0;pwned\u0007'
    await pullWith(
      pair,
      {
        os: 7,
        created: {},
        config: { Env: 'no list', Cmd: [nasty, 5], Labels: { [nasty]: nasty, odd: { a: 1 } } },
        history: [{ created_by: nasty }, 'nothing', { created_by: 5, empty_layer: 'yes' }],
      },
      { layers: 'none', annotations: [nasty], manifests: undefined },
    )
    const detail = await apiOf(pair.cache).get('/manifest', { name: 'app:1' })
    assert.doesNotMatch(
      JSON.stringify({ ...detail, raw: '', config: { ...detail.config, raw: '' } }),
      /\\u00(07|1b)/,
    )
    assert.deepEqual(detail.config?.command, [' ]0;pwned '])
    assert.deepEqual(detail.config?.labels, { ' ]0;pwned ': ' ]0;pwned ' })
    assert.deepEqual([detail.config?.env, detail.config?.platform, detail.annotations], [[], undefined, {}])
    assert.equal(detail.history.length, 3)
  })
})

test('a Dockerfile is rebuilt from what docker and BuildKit write', () => {
  const steps = [
    '/bin/sh -c #(nop) CMD ["bash"]',
    '/bin/sh -c set -eux;   apt-get update;\t\tapt-get install -y curl',
    '|1 VERSION=1.2 /bin/sh -c make VERSION=$VERSION',
    'COPY dir /srv # buildkit',
    'RUN |2 A=1 B= /bin/sh -c echo $A # buildkit',
    'bazel build //:image',
    '',
  ].map((command) => ({ command }))
  assert.equal(
    rebuildDockerfile(steps),
    `FROM scratch
CMD ["bash"]
RUN set -eux; \\
    apt-get update; \\
    apt-get install -y curl
RUN make VERSION=$VERSION
COPY dir /srv
RUN echo $A
# bazel build //:image
`,
  )
  assert.equal(rebuildDockerfile([]), '')
})

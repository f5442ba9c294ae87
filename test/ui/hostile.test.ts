import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { pullImage } from '../jobs/support.ts'
import { bytesContent } from '../support/fake-content.ts'
import { buildImage, buildJson } from '../support/oci-image.ts'
import { descriptorOf, MEDIA } from '../support/oci-media.ts'
import { NO_CHROMIUM, openBrowser, openPage, settle, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

/** What would run, load or show something if any page took it for markup. */
const EVIL = `<img src=x onerror="hacked=1"><script>hacked=1</script><b id=evil>evil</b>'"\`\${hacked=1}`

/** An image that says evil things wherever an image may say something. */
function evilImage() {
  const { layers } = buildImage()
  const config = buildJson(MEDIA.config, {
    os: 'linux',
    architecture: 'amd64',
    author: EVIL,
    config: {
      Cmd: [EVIL],
      Entrypoint: [EVIL],
      Env: [`EVIL=${EVIL}`],
      Labels: { [EVIL]: EVIL, 'org.opencontainers.image.source': 'javascript:hacked=1' },
      User: EVIL,
      WorkingDir: EVIL,
      ExposedPorts: { [EVIL]: {} },
      Volumes: { [EVIL]: {} },
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created_by: EVIL, comment: EVIL })),
  })
  const manifest = buildJson(MEDIA.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA.manifest,
    config: descriptorOf(config),
    layers: layers.map(({ digest, size, mediaType }) => ({ digest, size, mediaType })),
    annotations: { [EVIL]: EVIL },
  })
  return { layers, config, manifest }
}

suite('what images and clients say is text', { skip: NO_CHROMIUM }, () => {
  test('on every page that shows it', async (t) => {
    const { hub, cache } = await startConsole(t)
    const image = evilImage()
    hub.putBlob('evil/image', image.config.digest, bytesContent(image.config.bytes))
    hub.putImage('evil/image', image, ['1'])
    await pullImage(cache, image, { repo: 'evil/image', tag: '1' })
    for (const path of [`/v2/${encodeURIComponent(EVIL)}/manifests/1`, '/v2/evil/image/manifests/1'])
      await cache.fetch(path, { headers: { 'user-agent': EVIL, 'x-request-id': EVIL }, lint: false })

    const { page, errors } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'alice')
    const name = '/ui/images/docker.io/evil/image:1'
    const evil = encodeURIComponent(EVIL)
    const paths = [
      '/ui/images',
      '/ui/images/docker.io/evil/image',
      ...['layers', 'dockerfile', 'config', 'manifest', 'referrers'].map((tab) => `${name}?tab=${tab}`),
      '/ui/activity',
      '/ui/activity?tab=requests',
      '/ui/activity?tab=clients',
      '/ui/activity?tab=audit',
      `/ui/images?q=${evil}`,
      `/ui/images/docker.io/${evil}`,
      `/ui/images/docker.io/${evil}:1`,
      `/ui/activity?tab=requests&q=${evil}`,
      `/ui/settings?q=${evil}`,
      `/ui/setup?kind=docker&base=${evil}&ca=${evil}&registries=${evil}`,
      `/?text=${evil}`,
      `/ui/${evil}`,
      '/ui/%',
      '/ui/images/%zz/%',
    ]
    for (const path of paths) {
      await visit(page, path)
      await settle(page)
      assert.equal(await page.locator('#evil, img[src="x"], a[href^="javascript:"]').count(), 0, path)
      assert.equal(await page.evaluate('typeof hacked'), 'undefined', path)
    }
    await visit(page, `${name}?tab=dockerfile`)
    assert.match(await page.locator('main').innerText(), /<img src=x onerror=/)
    assert.deepEqual(
      errors.filter((text) => !/status of 40[04]/.test(text)),
      [],
    )
  })
})

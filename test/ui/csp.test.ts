import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { NO_CHROMIUM, openBrowser, openPage } from './browser.ts'
import { logInAs, startConsole, startFull } from './console.ts'
import { PLACES, reach } from './places.ts'

/** Chromium says this of answers the pages expect: nobody is logged in, nothing of that name is cached. */
const EXPECTED = /status of (401|404)/

suite('the console keeps to itself', { skip: NO_CHROMIUM }, () => {
  test('asks nobody but its server, and no page breaks the policy', async (t) => {
    const lab = await startFull(t)
    const browser = await openBrowser(t)
    const stranger = await openPage(browser, lab.cache.url)
    const alice = await openPage(browser, lab.cache.url)
    await logInAs(alice.page, 'alice')
    const asked = lab.hub.requests.count()
    for (const place of PLACES) {
      const { page } = place.who === 'alice' ? alice : stranger
      await reach(page, place)
    }
    for (const { requests, errors } of [stranger, alice]) {
      assert.deepEqual(
        requests.filter((url) => new URL(url).origin !== lab.cache.url),
        [],
      )
      assert.deepEqual(
        errors.filter((text) => !EXPECTED.test(text)),
        [],
      )
    }
    assert.equal(lab.hub.requests.count(), asked, 'looking asks no upstream')
  })

  test('says so in its headers', async (t) => {
    const { cache } = await startConsole(t)
    for (const path of ['/', '/ui/', '/ui/images/docker.io/library/app']) {
      const { status, headers } = await cache.fetch(path, { headers: { accept: 'text/html' }, lint: false })
      assert.equal(status, 200, path)
      const policy = String(headers['content-security-policy'])
      assert.match(policy, /default-src '(self|none)'/)
      assert.match(policy, /frame-ancestors 'none'/)
      assert.doesNotMatch(policy, /unsafe|https?:|\*/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.match(String(headers['cache-control']), /no-cache|no-store/)
      assert.match(String(headers['content-type']), /^text\/html/)
    }
  })
})

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { pullImage } from '../jobs/support.ts'
import { exportOf } from '../packages/support.ts'
import type { Pair } from '../support/cachalot.ts'
import type { FakeHub } from '../support/fake-hub.ts'
import type { Cleanup } from '../support/temp.ts'
import { evaluate, NO_CHROMIUM, openBrowser, openPage, until, visit } from './browser.ts'
import { logInAs, type PASSWORDS, startConsole } from './console.ts'
import { startHubSource } from './hub-source.ts'

const APP = 'docker.io/library/app'

interface Lab extends Pair {
  readonly page: Page
  /** Docker Hub's web API; `hub` is its registry. */
  readonly web: FakeHub
  readonly errors: readonly string[]
}

/** A cache with one tag of an image that has three, in front of a registry and a Docker Hub that is searched. */
async function open(t: Cleanup, path: string, who: keyof typeof PASSWORDS = 'carol'): Promise<Lab> {
  const web = await startHubSource(t)
  const lab = await startConsole(t, { hub: { enabled: true, url: web.url } })
  const image = lab.hub.addImage('library/app', { tags: ['1.0', '2.0-alpine'], layers: [64 * 1024] })
  await pullImage(lab.cache, image, { repo: 'library/app', tag: '1.0' })
  const { page, errors } = await openPage(await openBrowser(t), lab.cache.url)
  await logInAs(page, who)
  await visit(page, path)
  return { ...lab, page, web, errors }
}

const rows = (page: Page) => page.locator('.hub-list > li')
const search = (page: Page) => page.getByRole('searchbox', { name: /^Words/ })

suite('the page Discover', { skip: NO_CHROMIUM }, () => {
  test('from a word to an archive that is what the server gives', async (t) => {
    const { page, cache, web, errors } = await open(t, '/ui/')
    await page.keyboard.press('g')
    await page.keyboard.press('d')
    await search(page).fill('app')
    assert.equal(web.requests.length, 0, 'nothing is asked while somebody types')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/discover?q=app')
    await rows(page).nth(2).waitFor()
    assert.match(
      await rows(page).first().innerText(),
      /^app\s+Official\s+cached here\s+★ 21,431 · 13,402,887,120 pulls/,
    )
    assert.match(await rows(page).nth(1).innerText(), /<img src=x onerror=alert\(1\)> \*\*app\*\*/)

    await page.getByRole('link', { name: 'app', exact: true }).click()
    await page.waitForURL('**repository=docker.io%2Flibrary%2Fapp')
    await rows(page).nth(2).waitFor()
    const second = rows(page).nth(1)
    assert.match(await second.innerText(), /linux\/arm\/v7\s31\.0 MiB/)
    assert.doesNotMatch(await second.innerText(), /cached here/)
    await second.getByRole('button', { name: 'Fetch into cache' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Platform').selectOption('linux/amd64')
    await dialog.getByRole('button', { name: 'Fetch', exact: true }).click()
    await page.getByText(/^Fetched \d objects/).waitFor()
    await second.getByRole('link', { name: '2.0-alpine' }).waitFor()

    await second.getByRole('button', { name: `Add to package: ${APP}:2.0-alpine` }).click()
    await rows(page)
      .first()
      .getByRole('button', { name: /^Add to package/ })
      .click()
    await page.getByRole('heading', { name: 'Offline package (2)' }).waitFor()
    await page.getByRole('button', { name: `Take out ${APP}:1.0` }).click()
    await page.getByRole('button', { name: 'Prepare' }).click()
    await page.getByText('docker load -i app_2.0-alpine_linux-amd64.tar').waitFor()
    const coming = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Download' }).click()
    const download = await coming
    const bytes = await readFile(await download.path())
    assert.equal(download.suggestedFilename(), 'app_2.0-alpine_linux-amd64.tar')
    const { body } = await exportOf(cache, 'app:2.0-alpine')
    assert.ok(bytes.equals(body))
    await page.getByRole('button', { name: 'Work out the SHA-256' }).click()
    const sum = createHash('sha256').update(body).digest('hex')
    await page.locator(`[title="${sum}"]`).waitFor()

    await page.goBack()
    await page.waitForURL('**/ui/discover?q=app')
    await rows(page).nth(2).waitFor()
    assert.deepEqual(errors, [])
  })

  test('opens what is pasted whole, whatever stands around it', async (t) => {
    const { page } = await open(t, '/ui/discover')
    for (const text of [
      'app:2.0',
      'docker pull app:2.0',
      'docker.io/library/app:2.0',
      'sudo podman pull --platform linux/arm64 docker.io/app:2.0',
    ]) {
      await search(page).fill(text)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: APP }).waitFor()
      await until(page, 'document.querySelectorAll(".hub-list > li").length === 1')
      assert.match(await rows(page).innerText(), /^2\.0-alpine/)
      await page.goBack()
      await until(page, 'document.querySelector(".hub-list") === null')
    }
    await search(page).fill('node.js')
    await page.keyboard.press('Enter')
    await page.waitForURL('**?q=node.js')
    await search(page).fill('https://hub.docker.com/_/app/tags')
    await page.keyboard.press('Enter')
    await rows(page).nth(2).waitFor()
    await page.getByRole('searchbox', { name: 'Part of the tag' }).fill('no-such')
    await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByText('Nothing matches.').waitFor()
  })

  test('goes through pages, and back', async (t) => {
    const { page, web } = await open(t, '/ui/discover')
    for (let n = 0; n < 30; n++) web.add({ name: `org/many-${n}` })
    await visit(page, '/ui/discover?q=many')
    await rows(page).nth(24).waitFor()
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL('**/ui/discover?q=many&page=2')
    await page.getByRole('link', { name: 'org/many-29' }).waitFor()
    assert.equal(await rows(page).count(), 5)
    await page.goBack()
    await page.getByRole('link', { name: 'org/many-0', exact: true }).waitFor()
  })

  test('says where answers come from while Docker Hub is down', async (t) => {
    const { page, web } = await open(t, '/ui/discover?q=app')
    await rows(page).nth(2).waitFor()
    await web.stop()
    await visit(page, '/ui/discover?q=ap')
    await page
      .getByRole('status')
      .getByText(/^These are images cached here\. .*Docker Hub/)
      .waitFor()
    assert.match(await rows(page).innerText(), /^app\s/)
    await page.getByRole('link', { name: 'app', exact: true }).click()
    await page.getByRole('link', { name: '1.0' }).waitFor()
    assert.equal(await rows(page).count(), 1)
  })

  test('leaves fetching and importing to operators', async (t) => {
    const { page } = await open(t, '/ui/discover', 'bob')
    assert.equal(await page.getByText('Import an archive').count(), 0)
    await visit(page, `/ui/discover?repository=${APP}`)
    await rows(page).nth(2).waitFor()
    assert.equal(await page.getByRole('button', { name: 'Fetch into cache' }).count(), 0)
    await rows(page)
      .first()
      .getByRole('button', { name: /^Add to package/ })
      .click()
    await page.getByRole('button', { name: 'Prepare' }).click()
    await page.getByRole('link', { name: 'Download' }).waitFor()
  })

  test('takes images from their pages and lists, and keeps them in its tab', async (t) => {
    const { page } = await open(t, `/ui/images/${APP}`)
    await page.getByRole('button', { name: `Add to package: ${APP}:1.0` }).click()
    await page.getByRole('navigation', { name: 'Main' }).getByText('1', { exact: true }).waitFor()
    await visit(page, `/ui/images/${APP}:1.0`)
    const button = page.getByRole('button', { name: 'Add to package' })
    assert.equal(await button.getAttribute('aria-pressed'), 'true')
    await button.click()
    assert.equal(await evaluate(page, 'sessionStorage.getItem("cachalot.basket")'), '[]')
    await visit(page, '/ui/images?view=images')
    await page.locator('thead input[type="checkbox"]').check()
    await page
      .getByRole('region', { name: /selected/ })
      .getByRole('button', { name: 'Add to package' })
      .click()
    await visit(page, '/ui/discover')
    assert.match(await page.locator('.chip').innerText(), /^docker\.io\/library\/app/)
  })

  test('takes an archive in, and says what is wrong with one', async (t) => {
    const { page, cache } = await open(t, '/ui/discover')
    const { body } = await exportOf(cache, 'app:1.0')
    const file = { name: 'app.tar', mimeType: 'application/x-tar' }
    await page.locator('input[type=file]').setInputFiles({ ...file, buffer: body })
    await page.getByText(`Imported: ${APP}:1.0`).waitFor()
    await page.locator('input[type=file]').setInputFiles({ ...file, buffer: Buffer.from('no archive') })
    await page
      .getByRole('alert')
      .getByText(/archive|tar/)
      .waitFor()
  })
})

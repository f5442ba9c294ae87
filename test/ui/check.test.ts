import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { pullImage } from '../jobs/support.ts'
import { NO_CHROMIUM, openBrowser, openPage, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

const REPOSITORY = '/ui/images/docker.io/library/app'
const TAGS = ['1.0', '1.1', '1.2', '1.3']

/** Four tags, of which upstream moves 1.1 and deletes 1.2 and 1.3. */
async function begin(t: Parameters<typeof startConsole>[0]) {
  const lab = await startConsole(t)
  const { hub, cache } = lab
  for (const tag of TAGS) {
    const image = hub.addImage('library/app', { layers: [64 * 1024], tags: [tag] })
    await pullImage(cache, image, { repo: 'library/app', tag })
  }
  hub.addImage('library/app', { layers: [32 * 1024], tags: ['1.1'] })
  for (const tag of ['1.2', '1.3']) hub.untag('library/app', tag)
  const { page, errors } = await openPage(await openBrowser(t), cache.url)
  await logInAs(page, 'carol')
  return { ...lab, page, errors }
}

const row = (page: Page, tag: string) =>
  page.getByRole('row').filter({ has: page.getByRole('link', { name: tag, exact: true }) })

suite('what upstream still has, in the console', { skip: NO_CHROMIUM }, () => {
  test('chosen tags are checked, and say what was found from then on', async (t) => {
    const { page, errors, hub } = await begin(t)
    await visit(page, REPOSITORY)
    hub.requests.clear()
    await page.getByRole('checkbox', { name: 'Select 1.3', exact: true }).click()
    await page.getByRole('checkbox', { name: 'Select 1.0', exact: true }).click({ modifiers: ['Shift'] })
    assert.equal(hub.requests.count(), 0)
    await page.getByRole('button', { name: 'Check upstream' }).click()
    await page.getByText('1 unchanged upstream · 1 newer upstream · 2 gone upstream').first().waitFor()
    await row(page, '1.0').getByText('fresh').waitFor()
    await row(page, '1.1').getByText('newer upstream').waitFor()
    await row(page, '1.2').getByText('gone upstream').waitFor()
    assert.deepEqual([...new Set(hub.requests.list().map(({ method }) => method))], ['HEAD'])

    await page.getByLabel('Any state').selectOption('gone')
    await row(page, '1.1').waitFor({ state: 'detached' })
    await row(page, '1.3').waitFor()
    assert.deepEqual(errors, [])
  })

  test('a tag is checked with a key, on its page and in the list', async (t) => {
    const { page, hub } = await begin(t)
    await visit(page, `${REPOSITORY}:1.1`)
    await page.locator('h1').press('r')
    await page.getByText('The upstream has something newer under this name.').first().waitFor()
    await page.getByText('Upstream has', { exact: false }).first().waitFor()
    await visit(page, `${REPOSITORY}:1.2`)
    await page.getByRole('button', { name: 'Check upstream' }).click()
    await page.getByText('gone upstream').first().waitFor()
    await hub.stop()
    await visit(page, REPOSITORY)
    await row(page, '1.2').getByText('gone upstream').waitFor()
    await row(page, '1.0').focus()
    await page.keyboard.press('r')
    await page.getByText('The upstream could not say.', { exact: false }).first().waitFor()
  })

  test('what cannot be pulled again stays, unless a phrase is typed', async (t) => {
    const { page, cache } = await begin(t)
    await visit(page, REPOSITORY)
    await page.getByRole('checkbox', { name: /^Select all/ }).click()
    await page.getByRole('button', { name: 'Check upstream' }).click()
    await row(page, '1.3').getByText('gone upstream').waitFor()
    await page.getByRole('checkbox', { name: 'Select 1.3', exact: true }).click()
    await page.getByRole('checkbox', { name: 'Select 1.2', exact: true }).click()
    await page.getByText('2 gone upstream').last().waitFor()
    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('Nothing of this can be evicted.').waitFor()
    await dialog.getByText('docker.io/library/app:1.2').waitFor()
    await dialog.getByRole('checkbox', { name: /Evict these too/ }).click()
    const confirm = dialog.getByRole('button', { name: 'Evict 2 images' })
    await confirm.waitFor()
    assert.equal(await confirm.isDisabled(), true)
    await dialog.getByRole('textbox').fill('evict 2')
    await confirm.click()
    await row(page, '1.2').waitFor({ state: 'detached' })
    const { headers } = await cache.fetch('/v2/library/app/manifests/1.0', { method: 'HEAD' })
    assert.equal(headers['x-cache'], 'hit')
    await page.getByRole('button', { name: 'Undo' }).first().click()
    await row(page, '1.2').getByText('gone upstream').waitFor()
  })
})

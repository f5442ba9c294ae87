import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Page, Route } from 'playwright-core'
import { makeBigIndex } from '../support/big-index.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { evaluate, NO_CHROMIUM, openBrowser, openPage, until, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

const REST = /Select all .* that match/

/** More repositories that match than a page of the list has. */
async function openMany(t: Cleanup): Promise<Page> {
  const dataDir = join(await tempDir(t), 'data')
  await makeBigIndex(dataDir, { repositories: 1000, tags: 2000, blobs: 5000, files: false })
  const { cache } = await startConsole(t, {}, { dataDir })
  const { page } = await openPage(await openBrowser(t), cache.url)
  await logInAs(page, 'alice')
  await visit(page, '/ui/images?q=app')
  await page.locator('tbody tr[data-key]').first().waitFor()
  return page
}

const marked = (page: Page): Promise<number> =>
  evaluate(page, 'document.querySelectorAll("tbody tr[data-key] input:checked").length')

suite('selecting all that match', { skip: NO_CHROMIUM }, () => {
  test('says why it did not come to be, and then can be asked for again', async (t) => {
    const page = await openMany(t)
    await page.locator('thead input[type="checkbox"]').check()
    const refuse = (route: Route): Promise<void> =>
      route.fulfill({
        status: 500,
        json: { error: { code: 'internal', message: 'a disk is gone', hint: '' } },
      })
    await page.route('**/api/v1/repositories?*cursor=*', refuse)
    await page.getByRole('button', { name: REST }).click()
    await page.locator('.toasts .bad').getByText('a disk is gone').waitFor()
    await page.unroute('**/api/v1/repositories?*cursor=*', refuse)
    await page.getByRole('button', { name: REST }).click()
    // The server finds out bit by bit that there are no files, so this is not quite all.
    await until(page, '!/^[12]\\d\\d /.test(document.querySelector(".selection strong").textContent)')
  })

  test('takes nothing of a list that is no longer shown', async (t) => {
    const page = await openMany(t)
    await page.locator('thead input[type="checkbox"]').check()
    const asked = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    await page.route('**/api/v1/repositories?*', async (route) => {
      asked.resolve()
      await held.promise
      // What was taken back meanwhile has nobody who waits.
      await route.continue().catch(() => undefined)
    })
    await page.getByRole('button', { name: REST }).click()
    await asked.promise
    await page.getByRole('searchbox', { name: 'Filter' }).last().fill('app-99')
    await page.locator('.selection').waitFor({ state: 'detached' })
    // The rows of before are still in sight.
    await page.locator('tbody tr[data-key] input').first().click()
    assert.equal(await page.locator('.selection').count(), 0)
    held.resolve()
    const rows = '[...document.querySelectorAll("tbody tr[data-key]")]'
    await until(page, `${rows}.length > 0 && ${rows}.every(({ dataset }) => dataset.key.includes("app-99"))`)
    assert.equal(await marked(page), 0)
    assert.equal(await page.locator('.selection').count(), 0)
    await page.locator('tbody tr[data-key] input').first().check()
    assert.equal(await marked(page), 1)
  })
})

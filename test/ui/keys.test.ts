import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { Cleanup } from '../support/temp.ts'
import { NO_CHROMIUM, openBrowser, openPage, until, visit } from './browser.ts'
import { fill, logInAs, startConsole } from './console.ts'

async function openAs(t: Cleanup, path: string): Promise<Page> {
  const lab = await startConsole(t)
  await fill(lab)
  const { page } = await openPage(await openBrowser(t), lab.cache.url)
  await logInAs(page, 'alice')
  await visit(page, path)
  return page
}

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Page, repository, file or action' }).waitFor()
}

const focused = (page: Page): Promise<string> =>
  page.evaluate<string>('document.activeElement.id || document.activeElement.tagName')

suite('the keyboard', { skip: NO_CHROMIUM }, () => {
  test('goes to every page, and whoever listens hears its heading', async (t) => {
    const page = await openAs(t, '/ui/')
    const pages = {
      i: 'Images',
      f: 'Files',
      c: 'Cleanup',
      a: 'Activity',
      u: 'Upstreams',
      s: 'Set up a client',
      e: 'Settings',
    }
    for (const [key, name] of Object.entries(pages)) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await page.getByRole('heading', { level: 1, name }).waitFor()
      await until(page, 'document.activeElement.tagName === "H1"')
      assert.equal(await page.title(), `${name} · Cachalot`)
    }
  })

  test('never takes a letter of a text', async (t) => {
    const page = await openAs(t, '/ui/settings')
    await page.getByRole('searchbox', { name: 'Search settings' }).focus()
    await page.keyboard.type('gi/?')
    assert.equal(await page.getByRole('searchbox', { name: 'Search settings' }).inputValue(), 'gi/?')
    assert.match(page.url(), /settings/)
    assert.equal(await page.getByRole('dialog').count(), 0)
  })

  test('finds the search, and lets it go again', async (t) => {
    const page = await openAs(t, '/ui/upstreams')
    await page.keyboard.press('/')
    assert.equal(await focused(page), 'search')
    await page.keyboard.type('app')
    await page.keyboard.press('Escape')
    assert.equal(await focused(page), 'BODY')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('finds pages, repositories and actions in the palette', async (t) => {
    const page = await openAs(t, '/ui/')
    await openPalette(page)
    await page.keyboard.type('dark')
    await page.getByRole('option', { name: /Theme: Dark/ }).waitFor()
    await page.keyboard.press('Enter')
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
    await openPalette(page)
    await page.keyboard.type('multi')
    await page.getByRole('option', { name: 'docker.io/org/multi' }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/images/docker.io/org/multi')
    await openPalette(page)
    await page.keyboard.type('no such thing at all')
    await page.getByText('Nothing matches.').waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })

  test('has single keys only where somebody wants them', async (t) => {
    const page = await openAs(t, '/ui/settings?tab=appearance')
    await page.getByLabel('Single keys as shortcuts').uncheck()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Settings' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('i')
    await page.keyboard.press('?')
    assert.match(page.url(), /settings/)
    assert.equal(await page.getByRole('dialog').count(), 0)
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').waitFor()
  })
})

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { pullImage } from '../jobs/support.ts'
import type { Pair } from '../support/cachalot.ts'
import type { Cleanup } from '../support/temp.ts'
import { evaluate, NO_CHROMIUM, openBrowser, openPage, settle, until, visit } from './browser.ts'
import { fill, logInAs, startConsole } from './console.ts'

interface Lab extends Pair {
  readonly page: Page
}

async function open(t: Cleanup, path: string): Promise<Lab> {
  const lab = await startConsole(t)
  await fill(lab)
  const { hub, cache } = lab
  for (const [tag, created] of [
    ['3.0', '2026-05-01T00:00:00Z'],
    ['3.1', '2026-02-01T00:00:00Z'],
  ] as const) {
    const image = hub.addImage('library/app', { tags: [tag], created, platform: 'linux/s390x' })
    await pullImage(cache, image, { repo: 'library/app', tag })
  }
  const { page } = await openPage(await openBrowser(t), cache.url)
  await logInAs(page, 'alice')
  await visit(page, path)
  return { ...lab, page }
}

const headings = (page: Page): Promise<string[]> =>
  evaluate(page, '[...document.querySelectorAll("thead th")].map((one) => one.textContent).filter(Boolean)')

const names = (page: Page): Promise<string[]> =>
  evaluate(page, '[...document.querySelectorAll("tbody tr[data-key]")].map((one) => one.dataset.key)')

async function saved(page: Page, form: 'CSV' | 'JSON'): Promise<string> {
  const coming = page.waitForEvent('download')
  await page.getByRole('button', { name: form, exact: true }).click()
  const download = await coming
  assert.match(download.suggestedFilename(), new RegExp(`\\.${form.toLowerCase()}$`))
  return await readFile(await download.path(), 'utf8')
}

suite('lists', { skip: NO_CHROMIUM }, () => {
  test('show how often each repository was pulled, to ears too', async (t) => {
    const { page } = await open(t, '/ui/images')
    const row = page.locator('tr[data-key="docker.io/library/app"]')
    const curve = row.getByRole('img', { name: /^Pulls per day in the last 30 days: 5 in all/ })
    await curve.waitFor()
    assert.match((await curve.locator('path').getAttribute('d')) ?? '', /^M1 18(L[\d.]+ 18){28}L87 2$/)
  })

  test('have the columns and the rows that somebody wants, also next time', async (t) => {
    const { page } = await open(t, '/ui/images')
    const before = await headings(page)
    await page.locator('.menu summary').focus()
    await page.keyboard.press('Enter')
    await page.getByRole('checkbox', { name: 'Last used', exact: true }).uncheck()
    await page.getByRole('radio', { name: 'Compact' }).check()
    await page.keyboard.press('Escape')
    assert.equal(await evaluate(page, 'document.querySelector(".menu").open'), false)
    assert.equal(await evaluate(page, 'document.activeElement.tagName'), 'SUMMARY')
    await page.reload()
    await settle(page)
    assert.deepEqual(
      await headings(page),
      before.filter((one) => one !== 'Last used'),
    )
    const height = await evaluate<number>(page, 'document.querySelector("tbody tr").offsetHeight')
    assert.ok(height < 40, `${height} px`)
    // Another list has columns of its own.
    await page.getByRole('link', { name: 'Images', exact: true }).last().click()
    await settle(page)
    assert.ok((await headings(page)).includes('Last used'))
    await page.locator('.menu summary').click()
    await page.getByRole('heading', { level: 1 }).click()
    await until(page, '!document.querySelector(".menu").open')
  })

  test('can be saved as a whole, as they are filtered', async (t) => {
    const { page } = await open(t, '/ui/images?view=images&q=library&sort=-created')
    const [head, ...rows] = (await saved(page, 'CSV')).trim().split('\r\n')
    assert.match(head ?? '', /^name,digest,tags,mediaType,state,platforms,created,total/)
    assert.equal(rows.length, 6)
    assert.match(
      rows[0] ?? '',
      /^docker\.io\/library\/app:3\.0,sha256:\w{64},3\.0,.*,linux\/s390x,2026-05-01T00:00:00\.000Z,/,
    )
    const json: unknown = JSON.parse(await saved(page, 'JSON'))
    assert.ok(Array.isArray(json) && json.length === 6)
    await visit(page, '/ui/images/docker.io/library/app')
    assert.equal((await saved(page, 'CSV')).trim().split('\r\n').length, 6)
  })

  test('find what is cached for a platform', async (t) => {
    const { page } = await open(t, '/ui/images?view=images')
    await page.getByLabel('Any platform').selectOption('platform:linux/s390x')
    await until(page, 'document.querySelectorAll("tbody tr[data-key]").length === 2')
    assert.deepEqual(await names(page), ['docker.io/library/app:3.0', 'docker.io/library/app:3.1'])
    assert.match(page.url(), /q=platform/)
  })
})

suite('a repository', { skip: NO_CHROMIUM }, () => {
  test('tells when its tags were made, who asked for it, and who shares with it', async (t) => {
    const { page } = await open(t, '/ui/images/docker.io/library/app')
    await page.getByRole('button', { name: 'Created' }).click()
    await until(page, 'document.querySelector("tbody tr").dataset.key === "3.0"')
    await page.getByRole('tab', { name: 'Usage' }).click()
    await page.getByRole('link', { name: 'docker.io/library/base' }).waitFor()
    assert.doesNotMatch(page.url(), /sort/)
    assert.match((await page.locator('tbody tr').innerText()).replaceAll(/\s+/g, ' '), /96\.0 KiB \d+\.\d %/)
    await page.getByRole('tab', { name: 'Activity' }).click()
    await page.locator('tbody tr[data-key]').first().waitFor()
    assert.ok((await page.locator('tbody').innerText()).includes('library/app:3.1'))
    assert.ok(!(await page.locator('tbody').innerText()).includes('org/multi'))
  })

  test('takes a tag that nobody has pulled yet', async (t) => {
    const { hub, page } = await open(t, '/ui/images/docker.io/library/app')
    hub.addImage('library/app', { tags: ['4.0'] })
    await page.getByRole('button', { name: 'Fetch tag…' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Tag').waitFor()
    await page.keyboard.type('none-such')
    await dialog.getByLabel('Platform').selectOption('All platforms')
    await dialog.getByRole('button', { name: 'Fetch' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Tag').fill('4.0')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.locator('tr[data-key="4.0"]').waitFor()
  })
})

suite('keys of lists', { skip: NO_CHROMIUM }, () => {
  const copied = (page: Page): Promise<string> => evaluate(page, 'navigator.clipboard.readText()')

  test('copy pull commands, turn lists into trees, and step from tag to tag', async (t) => {
    const { page, cache } = await open(t, '/ui/images')
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    const host = cache.url.replace('http://', '')
    await page.locator('tr[data-key="docker.io/library/base"]').focus()
    await page.keyboard.press('c')
    await page.getByText('Pull command copied.').waitFor()
    assert.equal(await copied(page), `docker pull ${host}/docker.io/library/base`)
    await page.keyboard.press('t')
    await page.waitForURL('**/ui/images?view=tree')
    await page.keyboard.press('t')
    await page.waitForURL('**/ui/images')
    await visit(page, '/ui/images/docker.io/library/app:3.0')
    await page.keyboard.press('c')
    await until(page, `navigator.clipboard.readText().then((text) => text.endsWith('app:3.0'))`)
    await page.keyboard.press('[')
    await page.waitForURL('**/library/app:3.1')
    await page.getByRole('heading', { level: 1, name: /app:3\.1/ }).waitFor()
    await page.keyboard.press(']')
    await page.waitForURL('**/library/app:3.0')
    await page.getByRole('heading', { level: 1, name: /app:3\.0/ }).waitFor()
    await page.keyboard.press(']')
    await page.waitForURL('**/library/app:2.0-alpine')
    // In a text they are letters, and who switched them off has none.
    await page.locator('#search').focus()
    await page.keyboard.type('t[c')
    assert.equal(await page.locator('#search').inputValue(), 't[c')
    await visit(page, '/ui/settings?tab=appearance')
    await page.getByLabel('Single keys as shortcuts').uncheck()
    await visit(page, '/ui/images')
    await page.locator('tr[data-key="docker.io/library/base"]').focus()
    await page.keyboard.press('t')
    await page.keyboard.press('c')
    assert.match(page.url(), /\/ui\/images$/)
    assert.equal(await page.getByText('Pull command copied.').count(), 0)
  })

  test('the palette has every letter that was typed for it before it was there', async (t) => {
    const { page } = await open(t, '/ui/upstreams')
    const asked = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    await page.route(/assets\/palette-[\w-]+\.js/, async (route) => {
      asked.resolve()
      await held.promise
      await route.continue()
    })
    await page.keyboard.press('Control+k')
    await asked.promise
    await page.keyboard.type('gim?')
    await page.keyboard.press('Backspace')
    await page.keyboard.press('Backspace')
    held.resolve()
    const box = page.getByRole('combobox', { name: 'Page, repository, file or action' })
    await box.waitFor()
    await until(page, 'document.activeElement?.role === "combobox"')
    await page.keyboard.type('x')
    assert.equal(await box.inputValue(), 'gix')
    assert.match(page.url(), /upstreams$/)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+k')
    await box.waitFor()
    assert.equal(await box.inputValue(), '')
  })
})

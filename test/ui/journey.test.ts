import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { assertNoParts, KIB, MIB } from '../e2e/support.ts'
import { du, pullImage } from '../jobs/support.ts'
import { type Cachalot, type Pair, startPair } from '../support/cachalot.ts'
import { NO_CHROMIUM, openBrowser, openPage, until, visit } from './browser.ts'
import { BUILT, logInAs, startConsole } from './console.ts'

const REPOSITORY = '/ui/images/docker.io/library/app'
const TAGS = 40
/** Of each image, beside a layer that all of them share. */
const OWN = 64 * KIB
/** So much that thirty of the images are less than half of everything. */
const SHARED = 4 * MIB

/** Forty images with one layer in common. */
async function pullMany({ hub, cache }: Pair): Promise<void> {
  const base = hub.addImage('library/base', { layers: [SHARED], tags: ['1'] })
  for (let i = 1; i <= TAGS; i++) {
    const image = hub.addImage('library/app', { layers: [...base.layers, OWN], tags: [`1.${i}`] })
    await pullImage(cache, image, { repo: 'library/app', tag: `1.${i}` })
  }
  await assertNoParts(cache.dataDir)
}

/** Bytes as their title says them exactly: "1,966,080 B". */
async function exactBytes(shown: Locator): Promise<number> {
  const title = (await shown.getAttribute('title')) ?? ''
  assert.match(title, /^[\d,]+ B$/)
  return Number(title.replace(/\D/g, ''))
}

async function isPullable({ fetch }: Cachalot, tag: string): Promise<boolean> {
  const { headers } = await fetch(`/v2/library/app/manifests/${tag}`, { method: 'HEAD' })
  return headers['x-cache'] === 'hit'
}

function tick(page: Page, tag: string): Locator {
  return page.getByRole('checkbox', { name: `Select ${tag}`, exact: true })
}

/** Chooses thirty tags: a click, and one with shift. */
async function chooseThirty(page: Page): Promise<void> {
  await tick(page, '1.40').click()
  await tick(page, '1.11').click({ modifiers: ['Shift'] })
  await page.getByRole('region', { name: '30 rows selected' }).waitFor()
}

suite('what people do in the console', { skip: NO_CHROMIUM }, () => {
  test('a first start: the set-up link, the first admin, and in', async (t) => {
    const { cache } = await startPair(t, { consoleFolder: BUILT })
    const link = (await cache.app.setupPath()) ?? assert.fail('no link')
    const { page, errors } = await openPage(await openBrowser(t), cache.url)
    await visit(page, link)
    await page.getByLabel('User name').fill('alice')
    await page.getByLabel('Password', { exact: true }).fill('wonderland')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await page.getByRole('heading', { name: 'Three steps to the first pull' }).waitFor()
    await page.getByRole('button', { name: 'Log out' }).click()
    await visit(page, '/ui/images')
    await page.getByLabel('User name').fill('alice')
    await page.getByLabel('Password', { exact: true }).fill('nonsense')
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('alert').getByText('wrong').waitFor()
    await page.getByLabel('Password', { exact: true }).fill('wonderland')
    await page.getByLabel('Password', { exact: true }).press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Images' }).waitFor()
    assert.deepEqual(
      errors.filter((text) => !text.includes('401')),
      [],
    )
    await visit(page, link)
    await page.getByText('no longer good').waitFor()
  })

  test('a pull moves its bars, and then its image is there', async (t) => {
    const lab = await startConsole(t)
    const { hub, cache } = lab
    const image = hub.addImage('library/slow', { layers: [2 * MIB, 6 * MIB], tags: ['1'] })
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'carol')
    await visit(page, '/ui/activity')
    hub.bandwidth = 2 * MIB
    const pulled = pullImage(cache, image, { repo: 'library/slow', tag: '1' })
    await page.getByText('docker.io/library/slow:1').first().waitFor()
    const bar = page.getByRole('progressbar').last()
    await bar.waitFor()
    const before = Number(await bar.getAttribute('value'))
    await until(
      page,
      `[...document.querySelectorAll('progress')].some((one) => one.value > ${before} && one.value < one.max)`,
    )
    hub.bandwidth = undefined
    await pulled
    await visit(page, '/ui/images?q=slow')
    await page.getByRole('link', { name: 'docker.io/library/slow' }).click()
    await page.getByRole('link', { name: '1', exact: true }).first().click()
    await page
      .getByText(image.layers[1]?.digest.slice(7, 19) ?? '')
      .first()
      .waitFor()
    await page.getByRole('tab', { name: 'Manifest' }).click()
    await page.getByText(image.config.digest).first().waitFor()
  })

  test('thirty tags: chosen by a range, weighed, evicted, back, and gone', async (t) => {
    const lab = await startConsole(t)
    const { cache, hub } = lab
    await pullMany(lab)
    const full = await du(cache.dataDir)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'carol')
    await visit(page, REPOSITORY)
    await chooseThirty(page)
    const shown = await exactBytes(page.locator('.selection-sum [title]').first())

    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Evict 30 images?' })
    await dialog.waitFor()
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Cancel')
    const frees = await exactBytes(dialog.locator('strong.big'))
    assert.equal(frees, shown)
    assert.ok(
      frees >= 30 * OWN && frees < 31 * OWN + 30 * 8 * KIB,
      `${frees} B are 30 layers and their papers`,
    )
    await dialog.getByText('stays because something else uses it').waitFor()
    await dialog.getByRole('button', { name: 'Evict 30 images' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await isPullable(cache, '1.1'), true)
    assert.equal(await du(cache.dataDir), full, 'its bytes stay while it can be undone')

    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('30 images are back.').waitFor()
    const asked = hub.requests.count()
    assert.equal(await isPullable(cache, '1.40'), true)
    assert.equal(hub.requests.count(), asked)
    await tick(page, '1.40').waitFor()

    await chooseThirty(page)
    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    await dialog.getByLabel('At once, without undo').check()
    assert.equal(await exactBytes(dialog.locator('strong.big')), frees)
    await dialog.getByRole('button', { name: 'Evict 30 images' }).click()
    await page.getByText('30 images evicted').waitFor()
    assert.equal(full - (await du(cache.dataDir)), frees, 'as many bytes as the dialog said')
    await tick(page, '1.40').waitFor({ state: 'detached' })
    assert.equal(await tick(page, '1.10').count(), 1)
  })

  test('all of it with the keyboard alone', async (t) => {
    const lab = await startConsole(t)
    await pullMany(lab)
    const { page } = await openPage(await openBrowser(t), lab.cache.url)
    await visit(page, '/ui/')
    await tabTo(page, 'user')
    await page.keyboard.type('carol')
    await page.keyboard.press('Tab')
    await page.keyboard.type('singing-loud')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Page, repository, file or action' }).waitFor()
    await page.keyboard.type('library/app')
    await page.getByRole('option', { name: 'docker.io/library/app' }).waitFor()
    await page.keyboard.press('Enter')
    await tick(page, '1.40').waitFor()
    await tabToRow(page)
    await page.keyboard.press('x')
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowDown')
    await page.getByRole('region', { name: '5 rows selected' }).waitFor()
    await page.keyboard.press('e')
    const dialog = page.getByRole('dialog', { name: 'Evict 5 images?' })
    await dialog.waitFor()
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    assert.equal(await isPullable(lab.cache, '1.40'), true, 'Enter took the way out')
    await tabToRow(page)
    await page.keyboard.press('e')
    await dialog.waitFor()
    await dialog.getByRole('button', { name: 'Evict 5 images' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('5 images evicted').waitFor()
    await tick(page, '1.40').waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('c')
    await page.getByRole('heading', { level: 1, name: 'Cleanup' }).waitFor()
  })
})

/** Presses Tab until the field of this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  await pressUntil(page, `document.activeElement.getAttribute('name') === '${name}'`)
}

async function tabToRow(page: Page): Promise<void> {
  await pressUntil(page, `document.activeElement.matches('tr[data-key]')`)
}

async function pressUntil(page: Page, condition: string): Promise<void> {
  for (let i = 0; i < 60; i++) {
    if (await page.evaluate(condition)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`60 times Tab and never ${condition}`)
}

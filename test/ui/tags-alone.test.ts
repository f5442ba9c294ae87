import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { assertNoParts, KIB } from '../e2e/support.ts'
import { du, pullImage } from '../jobs/support.ts'
import type { Pair } from '../support/cachalot.ts'
import { LANGUAGES, NO_CHROMIUM, openBrowser, openPage, THEMES, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

const REPOSITORY = '/ui/images/docker.io/library/app'

/** One image under two tags, and others that are most of what is here. */
async function pullTagged({ hub, cache }: Pair): Promise<void> {
  const image = hub.addImage('library/app', { tags: ['1.27', 'latest'], layers: [300 * KIB] })
  const old = hub.addImage('library/app', { tags: ['1.26'], layers: [200 * KIB] })
  const rest = hub.addImage('library/rest', { tags: ['1'], layers: [4096 * KIB] })
  for (const tag of ['1.27', 'latest']) await pullImage(cache, image, { repo: 'library/app', tag })
  await pullImage(cache, old, { repo: 'library/app', tag: '1.26' })
  await pullImage(cache, rest, { repo: 'library/rest', tag: '1' })
  await assertNoParts(cache.dataDir)
}

suite('removing a tag alone in the console', { skip: NO_CHROMIUM }, () => {
  test('is what choosing a tag means, unless its image is meant', async (t) => {
    const lab = await startConsole(t)
    await pullTagged(lab)
    const { cache, hub } = lab
    const full = await du(cache.dataDir)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'carol')
    await visit(page, REPOSITORY)
    const tick = (tag: string) => page.getByRole('checkbox', { name: `Select ${tag}`, exact: true })
    const isHere = async (tag: string): Promise<boolean> => {
      const path = `/v2/library/app/manifests/${tag}`
      return (await cache.fetch(path, { method: 'HEAD' })).headers['x-cache'] === 'hit'
    }
    await tick('latest').click()
    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    await page.getByRole('dialog', { name: 'Evict 1 tag?' }).waitFor()
    await page.getByText('1 tag: its image stays').waitFor()
    await page.getByLabel('The images, with all their tags').check()
    await page.getByRole('dialog', { name: 'Evict 1 image?' }).waitFor()
    await page.getByText('1 tag that points to the same images').waitFor()
    await page.getByLabel('Only the chosen tags').check()
    await page.getByRole('dialog', { name: 'Evict 1 tag?' }).waitFor()
    await page.getByRole('button', { name: 'Evict 1 tag', exact: true }).click()
    await page.getByText('1 tag evicted.').waitFor()
    await tick('latest').waitFor({ state: 'detached' })
    assert.equal(await isHere('1.27'), true)
    const asked = hub.requests.count()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('1 tag is back.').waitFor()
    assert.equal(await isHere('latest'), true)
    assert.equal(hub.requests.count(), asked)

    await tick('latest').click()
    await tick('1.26').click()
    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    const both = page.getByRole('dialog', { name: 'Evict 1 image and 1 tag?' })
    await both.waitFor()
    await both.getByLabel('At once, without undo').check()
    const frees = Number(((await both.locator('strong.big').getAttribute('title')) ?? '').replace(/\D/g, ''))
    await both.getByRole('button', { name: 'Evict 1 image and 1 tag' }).click()
    await page.getByText('1 image and 1 tag evicted').waitFor()
    assert.equal(full - (await du(cache.dataDir)), frees)
    assert.equal(await isHere('1.27'), true)
  })

  test('fits a phone in both languages and themes', async (t) => {
    const lab = await startConsole(t)
    await pullTagged(lab)
    const browser = await openBrowser(t)
    for (const theme of THEMES)
      for (const language of LANGUAGES)
        for (const width of [1280, 320]) {
          const { page, errors } = await openPage(browser, lab.cache.url, { theme, language, width })
          await logInAs(page, 'carol')
          await visit(page, REPOSITORY)
          for (const tag of ['latest', '1.26'])
            await page.locator(`tr[data-key="${tag}"] input[type=checkbox]`).click()
          await page.locator('.selection button.danger').click()
          await page.locator('dialog input[name=evict-scope]').first().waitFor()
          const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
          assert.equal(await page.evaluate(wide), false)
          assert.deepEqual(errors, [])
          await page.context().close()
        }
  })
})

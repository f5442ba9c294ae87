import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import {
  evaluate,
  LANGUAGES,
  type Look,
  NO_CHROMIUM,
  openBrowser,
  openPage,
  THEMES,
  visit,
} from './browser.ts'
import { logInAs, startConsole, startFull } from './console.ts'
import { englishIn } from './english.ts'
import { PLACES, reach } from './places.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Finding {
  readonly id: string
  readonly impact: string | null
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

/** What keeps somebody from using the page. */
async function seriousFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE)
  const found = await evaluate<readonly Finding[]>(
    page,
    'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => violations)',
  )
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`))
}

suite('everybody can use every page', { skip: NO_CHROMIUM }, () => {
  for (const theme of THEMES)
    for (const language of LANGUAGES)
      test(`${theme}, ${language}`, async (t) => {
        const lab = await startFull(t)
        const browser = await openBrowser(t)
        const look: Look = { theme, language }
        const stranger = await openPage(browser, lab.cache.url, look)
        const alice = await openPage(browser, lab.cache.url, look)
        await logInAs(alice.page, 'alice')
        for (const place of PLACES) {
          const { page } = place.who === 'alice' ? alice : stranger
          await t.test(place.name, async () => {
            await reach(page, place)
            assert.deepEqual(await seriousFindings(page), [])
            assert.equal(await page.locator('h1').count(), 1, 'one heading of the page')
            assert.equal(
              await evaluate(page, 'document.documentElement.lang'),
              language === 'zh' ? 'zh-CN' : 'en',
            )
            if (language === 'zh') assert.deepEqual(await englishIn(page), [])
          })
        }
      })

  test('and what would keep somebody out is found', async (t) => {
    const lab = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), lab.cache.url, { language: 'zh' })
    await visit(page, '/')
    await evaluate(
      page,
      `document.querySelector('main').insertAdjacentHTML('beforeend',
        '<button id=planted></button><p>Some words left over</p>')`,
    )
    assert.match((await seriousFindings(page)).join(), /button-name: <button id="planted">/)
    assert.ok((await englishIn(page)).includes('Some words left over'))
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { evaluate, type Look, NO_CHROMIUM, openBrowser, openPage } from './browser.ts'
import { logInAs, startFull } from './console.ts'
import { PLACES, reach } from './places.ts'

const LOOKS: Readonly<Record<string, Look>> = {
  'at 320 px': { width: 320, height: 640 },
  'at 320 px in Chinese': { width: 320, height: 640, language: 'zh' },
  'at 768 px': { width: 768, height: 1024 },
  'at 200 %': { width: 1280, height: 800, zoom: 2 },
}

/** What sticks out to the right, as selectors to look for. */
const OUTSIDE = `[...document.body.querySelectorAll('*')]
  .filter((one) => one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .filter((one) => one.closest('.unseen, .table-frame, .tabs, .rail, pre') === null)
  .slice(0, 5).map((one) => one.tagName + '.' + one.className)`

suite('no page scrolls sideways', { skip: NO_CHROMIUM }, () => {
  for (const [name, look] of Object.entries(LOOKS))
    test(name, async (t) => {
      const lab = await startFull(t)
      const browser = await openBrowser(t)
      const stranger = await openPage(browser, lab.cache.url, look)
      const alice = await openPage(browser, lab.cache.url, look)
      await logInAs(alice.page, 'alice')
      for (const place of PLACES) {
        const { page } = place.who === 'alice' ? alice : stranger
        await t.test(place.name, async () => {
          await reach(page, place)
          const over = await evaluate<number>(
            page,
            'document.documentElement.scrollWidth - document.documentElement.clientWidth',
          )
          assert.equal(over, 0, `by ${over} px: ${JSON.stringify(await page.evaluate(OUTSIDE))}`)
        })
      }
    })
})

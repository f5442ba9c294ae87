import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Cleanup } from '../support/temp.ts'
import { LANGUAGES, NO_CHROMIUM, openBrowser, openPage, THEMES, visit } from './browser.ts'
import { logInAs, startFull } from './console.ts'
import { startLively } from './lively.ts'
import { PLACES, reach } from './places.ts'

/**
 * `node test/ui/shots.ts OUT [--only NAME]`: a picture of every page in both themes and languages, on a wide screen, a
 * tablet and a phone: OUT/NAME-THEME-LANGUAGE-WIDTH.png. `node test/ui/shots.ts ui --readme`: the pictures of the
 * README, ui/console.png and ui/console.zh-CN.png.
 */
const WIDTHS = [1280, 768, 320]

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { only: { type: 'string' }, readme: { type: 'boolean' } },
  })
  const [out] = positionals
  if (out === undefined) throw new Error('usage: node test/ui/shots.ts OUT [--only NAME | --readme]')
  if (NO_CHROMIUM !== false) throw new Error(NO_CHROMIUM)
  await mkdir(out, { recursive: true })
  const places = PLACES.filter(({ name }) => values.only === undefined || name.startsWith(values.only))
  const endings: (() => Promise<void> | void)[] = []
  const t: Cleanup = { after: (fn) => void endings.unshift(fn) }
  try {
    const count = values.readme === true ? await shootReadme(t, out) : await shoot(t, out, places)
    console.log(`${count} pictures in ${out}`)
  } finally {
    // One that ends may leave another one to do.
    for (let end = endings.shift(); end !== undefined; end = endings.shift()) await end()
  }
}

/** The overview of a cache in use, in both languages. */
async function shootReadme(t: Cleanup, out: string): Promise<number> {
  const lab = await startLively(t, Date.now)
  const browser = await openBrowser(t)
  for (const language of LANGUAGES) {
    const { page } = await openPage(browser, lab.cache.url, { language })
    await logInAs(page, 'alice')
    await visit(page, '/ui/')
    await page.locator('.chart-plot svg').waitFor()
    const path = join(out, language === 'en' ? 'console.png' : 'console.zh-CN.png')
    await page.screenshot({ path, fullPage: true })
    await page.context().close()
  }
  return LANGUAGES.length
}

async function shoot(t: Cleanup, out: string, places: typeof PLACES): Promise<number> {
  const lab = await startFull(t)
  const browser = await openBrowser(t)
  let count = 0
  for (const theme of THEMES)
    for (const language of LANGUAGES)
      for (const width of WIDTHS) {
        const look = { theme, language, width }
        const stranger = await openPage(browser, lab.cache.url, look)
        const alice = await openPage(browser, lab.cache.url, look)
        await logInAs(alice.page, 'alice')
        for (const place of places) {
          const { page } = place.who === 'alice' ? alice : stranger
          const path = join(out, `${place.name}-${theme}-${language}-${width}.png`)
          try {
            await reach(page, place)
            count += 1
          } catch (error) {
            // A picture of what went wrong is worth more than none.
            console.error(`${place.name}: ${String(error)}`)
          }
          await page.screenshot({ path, fullPage: true })
        }
        await alice.page.context().close()
        await stranger.page.context().close()
      }
  return count
}

await main()

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { makeBigIndex } from '../support/big-index.ts'
import { tempDir } from '../support/temp.ts'
import { evaluate, NO_CHROMIUM, openBrowser, openPage, settle, until, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

const REPOSITORIES = 10_000
/** However long the list is. */
const MOST_NODES = 1500

/** The most elements there ever were while somebody scrolled through the list. */
async function scrollThrough(page: Page, steps: number): Promise<number> {
  let most = 0
  for (let i = 0; i < steps; i++) {
    await page.mouse.wheel(0, 4000)
    await evaluate(
      page,
      'new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))',
    )
    most = Math.max(most, await evaluate<number>(page, 'document.querySelectorAll("*").length'))
  }
  return most
}

suite('long lists', { skip: NO_CHROMIUM }, () => {
  test('ten thousand repositories are few elements, from the first to the last', async (t) => {
    const dataDir = join(await tempDir(t), 'data')
    await makeBigIndex(dataDir, { repositories: REPOSITORIES, tags: 20_000, blobs: 100_000, files: false })
    const { cache } = await startConsole(t, {}, { dataDir })
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'alice')
    await visit(page, '/ui/images')
    await page.locator('tbody tr[data-key]').first().waitFor()
    const rows = Number(await page.getByRole('table').getAttribute('aria-rowcount')) - 1
    assert.ok(rows > REPOSITORIES / 2 && rows <= REPOSITORIES, `${rows} rows`)
    assert.ok((await scrollThrough(page, 40)) <= MOST_NODES)
    await evaluate(page, 'scrollTo(0, document.documentElement.scrollHeight)')
    await settle(page)
    await until(page, 'document.querySelectorAll("tbody tr[data-key]").length > 5')
    const nodes = await evaluate<number>(page, 'document.querySelectorAll("*").length')
    assert.ok(nodes <= MOST_NODES, `${nodes} elements at the end`)
  })
})

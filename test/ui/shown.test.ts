import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { pullImage } from '../jobs/support.ts'
import type { Cleanup } from '../support/temp.ts'
import { evaluate, NO_CHROMIUM, openBrowser, openPage, until, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

const TAGS = 230

/** A repository with more tags than fit a page, and a rule that hides something else from bob. */
async function open(t: Cleanup, user: 'bob' | 'carol', path: string): Promise<Page> {
  const { hub, cache } = await startConsole(t, {
    auth: { anonymous_pull: 'all' },
    rule: [{ effect: 'deny', match: ['docker.io/library/hidden'], users: ['bob'] }],
  })
  const tags = Array.from({ length: TAGS }, (_, n) => `1.${n}`)
  const image = hub.addImage('library/app', { tags })
  await pullImage(cache, image, { repo: 'library/app', tag: '1.0' })
  for (const tag of tags) await cache.fetch(`/v2/library/app/manifests/${tag}`)
  const { page } = await openPage(await openBrowser(t), cache.url)
  await logInAs(page, user)
  await visit(page, path)
  return page
}

const textOf = (page: Page): Promise<string> => evaluate(page, 'document.querySelector("main").textContent')
const columns = (page: Page): Promise<string[]> =>
  evaluate(page, '[...document.querySelectorAll("thead th")].map((one) => one.textContent)')

suite('what users are shown', { skip: NO_CHROMIUM }, () => {
  test('ends where it ends, not with its first page', async (t) => {
    const page = await open(t, 'bob', '/ui/images/docker.io/library/app')
    await page
      .getByText(/^More than \d+ tags$/)
      .first()
      .waitFor()
    for (let n = 0; n < 5; n++) await evaluate(page, 'scrollTo(0, document.body.scrollHeight)')
    await until(page, `/(^|\\D)${TAGS} tags/.test(document.querySelector(".list-head").textContent)`)
    assert.doesNotMatch(await textOf(page), /More than/)
  })

  test('tells who pulls from where to operators alone', async (t) => {
    const page = await open(t, 'bob', '/ui/activity?tab=requests')
    await until(page, 'document.querySelectorAll("tbody tr[data-key]").length > 10')
    assert.ok(!(await columns(page)).includes('Client'))
    await page
      .getByRole('button', { name: /^Details of/ })
      .first()
      .click()
    await page.getByRole('dialog').waitFor()
    assert.doesNotMatch(await textOf(page), /127\.0\.0\.1/)
    assert.doesNotMatch(await page.getByRole('dialog').innerText(), /127\.0\.0\.1|nobody logged in/)
    await page.keyboard.press('Escape')
    await logInAs(page, 'carol')
    await visit(page, '/ui/activity?tab=requests')
    await until(page, 'document.querySelectorAll("tbody tr[data-key]").length > 10')
    assert.ok((await columns(page)).includes('Client'))
  })
})

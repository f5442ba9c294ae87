import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { NO_CHROMIUM, openBrowser, openPage, visit } from './browser.ts'
import { fill, logInAs, startConsole } from './console.ts'
import { PLACES } from './places.ts'

const OPERATORS = /This takes the role of an operator/
const ADMINS = /This takes the role of an admin/

suite('what a role may not do', { skip: NO_CHROMIUM }, () => {
  test('is never asked for, and an address that leads there says so', async (t) => {
    const lab = await startConsole(t)
    await fill(lab)
    const { page, errors } = await openPage(await openBrowser(t), lab.cache.url)
    await logInAs(page, 'bob')
    const refused: string[] = []
    page.on('response', (answer) => {
      if (answer.status() === 403) refused.push(`${page.url()}: ${answer.url()}`)
    })
    for (const path of new Set(PLACES.map((place) => place.path))) await visit(page, path)
    assert.deepEqual(refused, [])
    for (const [path, says] of [
      ['/ui/cleanup', OPERATORS],
      ['/ui/activity?tab=clients', OPERATORS],
      ['/ui/activity?tab=audit', ADMINS],
      ['/ui/settings?tab=config', ADMINS],
      ['/ui/settings?tab=users', ADMINS],
      ['/ui/settings?tab=keys', ADMINS],
    ] as const) {
      await visit(page, path)
      await page.getByText(says).waitFor()
      assert.equal(await page.locator('main form').count(), 0, path)
    }
    assert.deepEqual(refused, [])
    await visit(page, '/ui/settings')
    assert.equal(
      await page.getByRole('tab', { name: 'Users' }).count(),
      0,
      'it is shown to nobody who did not ask',
    )
    assert.deepEqual(
      errors.filter((text) => text.includes('403')),
      [],
    )
  })
})

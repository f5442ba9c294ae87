import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { NO_CHROMIUM, openBrowser, openPage, visit } from './browser.ts'
import { logInAs, PASSWORDS, startConsole } from './console.ts'

suite('the settings', { skip: NO_CHROMIUM }, () => {
  test('make a pull key that pulls, show it once, and take it back', async (t) => {
    const { hub, cache } = await startConsole(t, { auth: { anonymous_pull: 'none' } })
    hub.addImage('library/app', { tags: ['1'] })
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'alice')
    await visit(page, '/ui/settings?tab=keys')
    await page.getByLabel('Name').fill('node-7')
    await page.getByRole('button', { name: 'Create' }).click()
    const secret = (await page.getByLabel('Pull key', { exact: true }).textContent()) ?? ''
    const pull = async () => (await cache.fetch(`/v2/k/${secret}/library/app/manifests/1`)).status
    assert.equal(await pull(), 200)
    await page.getByRole('button', { name: 'Done' }).click()
    assert.doesNotMatch(await page.locator('main').innerText(), new RegExp(secret))
    await page.getByRole('button', { name: 'Revoke node-7' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('There are no pull keys.').waitFor()
    assert.equal(await pull(), 401)
  })

  test('hand a new key to the set-up page, without the address', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'alice')
    await visit(page, '/ui/settings?tab=keys')
    await page.getByLabel('Name').fill('laptop')
    await page.getByRole('button', { name: 'Create' }).click()
    const secret = (await page.getByLabel('Pull key', { exact: true }).textContent()) ?? ''
    await page.getByRole('button', { name: 'Set up a client with it' }).click()
    await page.getByRole('link', { name: /Docker Engine/ }).click()
    assert.equal(await page.getByLabel('Pull key').inputValue(), secret)
    assert.doesNotMatch(page.url(), new RegExp(secret))
  })

  test('make a token that speaks for its user', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'bob')
    await visit(page, '/ui/settings')
    const tabs = ['API tokens', 'Password', 'Appearance', 'About']
    assert.deepEqual(await page.getByRole('tab').allTextContents(), tabs)
    await page.getByLabel('Name').fill('script')
    await page.getByRole('button', { name: 'Create' }).click()
    const secret = (await page.getByLabel('API token', { exact: true }).textContent()) ?? ''
    const ask = async (path: string) => {
      const headers = { authorization: `Bearer ${secret}` }
      return (await cache.fetch(`/api/v1${path}`, { headers, lint: false })).status
    }
    assert.equal(await ask('/stats'), 200)
    assert.equal(await ask('/users'), 403)
    await page.getByRole('button', { name: 'Revoke script' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByText('You have no API tokens.').waitFor()
    assert.equal(await ask('/stats'), 401)
  })

  test('make users, change them, and let them go', async (t) => {
    const { cache } = await startConsole(t)
    const browser = await openBrowser(t)
    const { page } = await openPage(browser, cache.url)
    await logInAs(page, 'alice')
    await visit(page, '/ui/settings?tab=users')
    assert.equal(await page.getByLabel('Role of alice').count(), 0, 'config.toml says her role')
    await page.getByRole('button', { name: 'Add a user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill('dora')
    await dialog.getByLabel('Role').selectOption('operator')
    await dialog.getByLabel('New password').fill('explorer-99')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByLabel('Role of dora').waitFor()
    const other = await openPage(browser, cache.url)
    const logIn = async (password: string) =>
      (
        await other.page.request.post('/api/v1/session', {
          headers: { 'x-csrf': '1' },
          data: { user: 'dora', password },
        })
      ).status()
    assert.equal(await logIn('explorer-99'), 200)
    await page.getByLabel('Role of dora').selectOption('user')
    // The first one said that she was made.
    await page.getByText('Saved: dora').nth(1).waitFor()
    await visit(other.page, '/ui/settings')
    assert.equal(await other.page.getByRole('link', { name: 'Cleanup' }).count(), 0, 'no operator any more')
    await page.getByRole('button', { name: 'Remove dora' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('Removed: dora').waitFor()
    assert.equal(await logIn('explorer-99'), 401)
  })

  test('set one’s own password and go on, whatever one’s role; not without the old one', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'bob')
    await visit(page, '/ui/settings?tab=password')
    const old = page.getByLabel('Old password')
    await old.fill('not-the-one')
    await page.getByLabel('New password').fill('builder-no-more')
    const button = page.getByRole('button', { name: 'Change password' })
    await button.click()
    await page.getByText(/the old password is wrong/i).waitFor()
    await old.fill(PASSWORDS.bob)
    await button.click()
    await page.getByText('Saved: bob').waitFor()
    assert.equal(await old.inputValue(), '')
    await page.reload()
    await page.getByRole('tab', { name: 'Password' }).waitFor()
    const data = { user: 'bob', password: 'builder-no-more' }
    const login = await page.request.post('/api/v1/session', { headers: { 'x-csrf': '1' }, data })
    assert.equal(login.status(), 200)
  })

  test('show what is in force, and where it comes from', async (t) => {
    const { cache } = await startConsole(t, { cache: { tag_ttl: '7m' } })
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'alice')
    await visit(page, '/ui/settings')
    await page.getByRole('searchbox', { name: 'Search settings' }).fill('tag_ttl')
    const row = page.getByRole('row', { name: /cache\.tag_ttl/ })
    await row.getByText('7m').waitFor()
    await row.getByText(/config\.toml:\d+/).waitFor()
    assert.match(page.url(), /q=tag_ttl/)
    await page.getByRole('searchbox', { name: 'Search settings' }).fill('')
    await page.getByLabel('Only what is not a default').check()
    assert.equal(await page.getByText('cache.negative_ttl').count(), 0)
    const text = await page.locator('main').innerText()
    for (const password of Object.values(PASSWORDS)) assert.doesNotMatch(text, new RegExp(password))
  })

  test('keep language and theme in this browser', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'bob')
    await visit(page, '/ui/settings?tab=appearance')
    await page.getByRole('radio', { name: '简体中文' }).check()
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor()
    await page.getByRole('radio', { name: '深色' }).check()
    await page.reload()
    await page.getByRole('heading', { level: 1, name: '设置' }).waitFor()
    assert.equal(await page.evaluate('document.documentElement.dataset.theme'), 'dark')
    assert.equal(await page.evaluate('document.documentElement.lang'), 'zh-CN')
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { NO_CHROMIUM, openBrowser } from './browser.ts'
import { startConsole } from './console.ts'

suite('without JavaScript', { skip: NO_CHROMIUM }, () => {
  test('set-up can be read, by page and by client, and other pages say what they need', async (t) => {
    const { cache } = await startConsole(t)
    const browser = await openBrowser(t)
    const context = await browser.newContext({
      javaScriptEnabled: false,
      baseURL: cache.url,
      locale: 'zh-CN',
    })
    const page = await context.newPage()
    await page.goto('/ui/')
    const said = await page.locator('noscript p').allInnerTexts()
    assert.match(said.join(' '), /console needs JavaScript.*控制台需要 JavaScript/)
    assert.ok(await page.locator('noscript p').first().isVisible())
    await page.goto('/ui/setup')
    await page.waitForURL('**/setup')
    await page.getByRole('heading', { name: '接入客户端', level: 1 }).waitFor()
    assert.ok((await page.locator('#docker pre').first().innerText()).includes(cache.url))
    await page.getByRole('link', { name: 'English' }).click()
    await page.getByRole('link', { name: /A script that does it for Podman/ }).click()
    assert.match(await page.locator('pre').nth(2).innerText(), /registries\.conf\.d\/50-cachalot\.conf/)
    await page.setViewportSize({ width: 320, height: 600 })
    const widest = page.locator('html')
    assert.ok(((await widest.boundingBox())?.width ?? 0) <= 320, 'nothing scrolls sideways')
  })
})

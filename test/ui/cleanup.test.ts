import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import Database from 'better-sqlite3'
import type { Locator, Page } from 'playwright-core'
import { HOUR } from '../../src/domain/clock.ts'
import { bcryptLine } from '../auth/support.ts'
import { assertNoParts, blobRows } from '../e2e/support.ts'
import { pullPlatforms } from '../jobs/goal-support.ts'
import { du, pullImage } from '../jobs/support.ts'
import { type Pair, startPair } from '../support/cachalot.ts'
import { fakeClock } from '../support/clock.ts'
import { buildLayer } from '../support/oci-image.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { NO_CHROMIUM, openBrowser, openPage, visit } from './browser.ts'
import { BUILT, logInAs, PASSWORDS } from './console.ts'

/** Images that were used long enough ago to go. */
async function startFilled(t: Cleanup): Promise<Pair> {
  const users = join(await tempDir(t), 'users')
  await writeFile(users, bcryptLine('carol', PASSWORDS.carol))
  // Sessions are judged by the clock of the server, so it is that of the browser before anything is logged in.
  const clock = fakeClock(Date.now() - HOUR)
  const auth = { htpasswd: users, operators: ['carol'], anonymous_pull: 'private' }
  const lab = await startPair(t, { clock, consoleFolder: BUILT, config: { auth } })
  const { hub, cache } = lab
  const shared = buildLayer(500_000)
  for (const repo of ['library/one', 'library/two']) {
    const index = hub.addIndex(repo, {
      tags: ['1'],
      platforms: ['linux/amd64', 'linux/arm64'],
      image: { layers: [100_000] },
    })
    await pullPlatforms(cache, index, { repo, tag: '1', images: index.images })
    const arm = hub.addImage(repo, { tags: ['arm'], platform: 'linux/arm64', layers: [shared, 50_000] })
    await pullImage(cache, arm, { repo, tag: 'arm' })
  }
  const lone = hub.addImage('library/lone', { layers: [70_000] })
  await pullImage(cache, lone, { repo: 'library/lone', tag: lone.manifest.digest })
  await assertNoParts(cache.dataDir)
  clock.advance(HOUR)
  return lab
}

/** Bytes as their title says them exactly: "1,966,080 B". */
async function exactBytes(shown: Locator): Promise<number> {
  return Number(((await shown.getAttribute('title')) ?? '').replace(/\D/g, ''))
}

const sumOf = (page: Page): Promise<number> => exactBytes(page.locator('tfoot [title]').last())

suite('the free-space assistant', { skip: NO_CHROMIUM }, () => {
  test('shows what goes for platforms, lets one stay, and frees what the button says', async (t) => {
    const { cache } = await startFilled(t)
    const before = await du(cache.dataDir)
    const { page, errors } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'carol')
    await visit(page, '/ui/cleanup')
    await page.getByLabel('What is for other platforms').check()
    const preview = page.getByRole('button', { name: 'Preview', exact: true })
    await page.getByLabel('linux/arm64').waitFor()
    assert.equal(await preview.isDisabled(), true, 'everything is kept')
    await page.getByLabel('linux/arm64').uncheck()
    await preview.click()
    await page.getByRole('button', { name: 'Show 4 images' }).click()
    const all = await sumOf(page)
    const run = page.getByRole('button', { name: /^Free [\d.]+ [KMG]iB$/ })
    await run.waitFor()

    const arm = page.getByLabel('Goes: linux/arm64, docker.io/library/one:arm')
    await arm.uncheck()
    await run.waitFor()
    const one = await sumOf(page)
    assert.ok(all - one > 550_000, 'its layers stay, with the one that it shares')
    await page.getByLabel('Goes: linux/arm64, docker.io/library/two:arm').uncheck()
    await run.waitFor()
    const two = await sumOf(page)
    assert.ok(one - two < 100_000, 'that one is counted once')
    await page.getByRole('checkbox', { name: 'For other platforms' }).click()
    await run.waitFor()
    assert.equal(await sumOf(page), all, 'all of it again')
    await arm.uncheck()
    await run.waitFor()
    await page.getByText('This cannot be undone').waitFor()
    await run.click()
    await page.getByText(/ freed in /).waitFor()
    assert.equal(before - (await du(cache.dataDir)), one)
    await page.getByRole('row', { name: /Clean-up by hand/ }).waitFor()
    assert.deepEqual(errors, [])
  })

  test('shows images without a tag, and that nothing else goes', async (t) => {
    const { cache } = await startFilled(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'carol')
    await visit(page, '/ui/cleanup')
    await page.getByLabel('Images that no tag leads to').check()
    await page.getByLabel('Only images that match').fill('**lone**')
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    await page.getByRole('button', { name: 'Show 1 image' }).click()
    await page.getByRole('link', { name: /library\/lone@/ }).waitFor()
    const rows = blobRows(cache.dataDir).size
    await page.getByRole('button', { name: /^Free / }).click()
    await page.getByText(/ freed in /).waitFor()
    assert.equal(blobRows(cache.dataDir).size, rows - 3)
    await page.getByLabel('Only images that match').fill('idel:30d')
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    await page.getByText(/did you mean/).waitFor()
  })

  test('goes on without the page that began it, and shows everybody how far it is and how to end it', async (t) => {
    const { cache } = await startFilled(t)
    const before = await du(cache.dataDir)
    const browser = await openBrowser(t)
    const { page } = await openPage(browser, cache.url)
    await logInAs(page, 'carol')
    await visit(page, '/ui/cleanup')
    await page.getByLabel('Images that no tag leads to').check()
    await page.getByRole('button', { name: 'Preview', exact: true }).click()
    const run = page.getByRole('button', { name: /^Free / })
    await run.waitFor()
    // The job waits for its turn to write.
    const other = new Database(join(cache.dataDir, 'cachalot.db'))
    other.exec('BEGIN IMMEDIATE')
    const asked = page.waitForRequest('**/api/v1/gc/run')
    await run.click()
    await asked
    await page.getByText('It runs on in the server').waitFor()
    await page.goto('about:blank')
    other.exec('ROLLBACK')
    other.close()
    const { page: another } = await openPage(browser, cache.url)
    await logInAs(another, 'carol')
    await visit(another, '/ui/cleanup')
    await another.getByRole('row', { name: /Clean-up by hand .* freed/ }).waitFor()
    assert.ok((await du(cache.dataDir)) < before)

    const progress = { done: 3, total: 10, bytes: 2048, bytesTotal: 4096 }
    const job = { id: 7, job: 'gc', cause: 'operator', startedAt: 0, progress }
    const event = `event: jobs\ndata: ${JSON.stringify({ items: [job] })}\n\n`
    await another.route('**/api/v1/events?topics=jobs', (route) =>
      route.fulfill({ contentType: 'text/event-stream', body: event }),
    )
    await another.reload()
    await another.getByText('3 of 10 objects, 2.00 KiB').waitFor()
    assert.equal(await another.getByRole('button', { name: 'Preview', exact: true }).isDisabled(), true)
    const stopped = another.waitForRequest('**/api/v1/jobs/stop')
    await another.getByRole('button', { name: 'Stop', exact: true }).click()
    assert.deepEqual((await stopped).postDataJSON(), { id: 7 })
  })
})

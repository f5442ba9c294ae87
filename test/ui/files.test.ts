import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { suite, test } from 'node:test'
import type { Page } from 'playwright-core'
import { missing } from '../clients/process.ts'
import { assertNoParts } from '../e2e/support.ts'
import { du } from '../jobs/support.ts'
import type { Pair } from '../support/cachalot.ts'
import type { Cleanup } from '../support/temp.ts'
import { evaluate, NO_CHROMIUM, openBrowser, openPage, until, visit } from './browser.ts'
import { logInAs, type PASSWORDS, startConsole, startFull } from './console.ts'
import type { FileSources } from './file-sources.ts'

interface Lab extends Pair {
  readonly page: Page
  readonly sources: FileSources
}

async function open(t: Cleanup, path: string, who: keyof typeof PASSWORDS = 'carol'): Promise<Lab> {
  const lab = await startFull(t)
  const { page } = await openPage(await openBrowser(t), lab.cache.url)
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await logInAs(page, who)
  await visit(page, path)
  return { ...lab, page }
}

const names = (page: Page): Promise<string[]> =>
  evaluate(page, '[...document.querySelectorAll("tbody tr[data-key]")].map((one) => one.dataset.key)')

async function untilRows(page: Page, count: number): Promise<void> {
  await until(page, `document.querySelectorAll("tbody tr[data-key]").length === ${count}`)
}

const GO = 'go:golang.org/x/text@v0.3.0'
const MIRROR = 'git:github.com/octocat/spoon-knife'
const TEXT = '/ui/files?q=golang.org/x/text'
const MISSING = missing('chromium', 'git')

suite('the page of files', { skip: NO_CHROMIUM || MISSING }, () => {
  test('lists them by kind, with how much there is of each, and finds some of them', async (t) => {
    const { page } = await open(t, '/ui/files')
    await untilRows(page, 10)
    const kinds = page.getByRole('navigation', { name: 'Kind' })
    assert.match(await kinds.innerText(), /All\s+10 files · [\d.]+ MiB\s+GitHub\s+2 files/)
    await kinds.getByRole('link', { name: /Hugging Face/ }).click()
    await page.waitForURL('**/ui/files?kind=hf')
    await untilRows(page, 5)
    assert.ok((await names(page)).every((name) => name.startsWith('hf:openai-community/gpt2/')))
    await page.getByRole('searchbox', { name: 'Name or filter' }).fill('safetensors')
    await untilRows(page, 2)
    await page.getByRole('button', { name: 'Size' }).click()
    await page.waitForURL('**sort=-total')
    await page
      .getByRole('link', { name: /model\.safetensors/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Has bytes in common with' }).waitFor()
    await page.goBack()
    await page.getByLabel('Any size').selectOption('>100MiB')
    await page.getByText('Nothing matches').waitFor()
    await page.getByRole('button', { name: 'Clear search and filters' }).click()
    await untilRows(page, 5)
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: 'CSV', exact: true }).click()
    const [head, ...rows] = (await readFile(await (await coming).path(), 'utf8')).trim().split('\r\n')
    assert.match(head ?? '', /^name,kind,repository,file,source,total,onlyHere,firstCached/)
    assert.equal(rows.length, 5)
  })

  test('says which words of the filter are about images only', async (t) => {
    const { page } = await open(t, '/ui/files?q=untagged')
    await page.getByRole('alert').getByText('is about images').waitFor()
  })

  test('obeys the keyboard: copies, pins, opens, goes on to the next one', async (t) => {
    const { page } = await open(t, TEXT)
    await untilRows(page, 2)
    const row = page.locator(`tr[data-key="${GO}"]`)
    await row.focus()
    await page.keyboard.press('c')
    await page.getByText('Name copied.').waitFor()
    assert.equal(await evaluate(page, 'navigator.clipboard.readText()'), GO)
    await page.keyboard.press('p')
    await row.getByRole('img', { name: 'Pinned' }).waitFor()
    await row.focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/files/file?name=**')
    await page.getByRole('heading', { level: 1, name: /golang\.org\/x\/text · v0\.3\.0/ }).waitFor()
    await page.getByRole('cell', { name: 'v0.3.0.zip' }).waitFor()
    await page.getByText(/GOPROXY=http:\S+\/go go get golang\.org\/x\/text@v0\.3\.0/).waitFor()
    await page.keyboard.press('[')
    await page.getByRole('heading', { level: 1, name: /v0\.14\.0/ }).waitFor()
    await page.keyboard.press(']')
    await page.getByRole('heading', { level: 1, name: /v0\.3\.0/ }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('f')
    await page.getByRole('heading', { level: 1, name: 'Files' }).waitFor()
  })

  test('evicts what was chosen, frees what it said, and brings it back', async (t) => {
    const { page, cache, sources } = await open(t, '/ui/files?kind=go')
    await untilRows(page, 2)
    await assertNoParts(cache.dataDir)
    const full = await du(cache.dataDir)
    await page.locator('thead input[type="checkbox"]').check()
    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Evict 2 files?' })
    await dialog.getByText('2 files').first().waitFor()
    await dialog.getByRole('button', { name: 'Evict 2 files' }).click()
    await page.getByText('No files are cached yet').waitFor()
    const before = sources.go.requests.length
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('2 files are back.').waitFor()
    await untilRows(page, 2)
    const again = await cache.fetch('/go/golang.org/x/text/@v/v0.3.0.zip', { lint: false })
    assert.equal(again.headers['x-cache'], 'hit')
    assert.equal(sources.go.requests.length, before)

    await page.locator('thead input[type="checkbox"]').check()
    await page.getByRole('button', { name: 'Evict…', exact: true }).click()
    await dialog.getByLabel('At once, without undo').check()
    const said = (await dialog.locator('strong.big').getAttribute('title')) ?? ''
    await dialog.getByRole('button', { name: 'Evict 2 files' }).click()
    await page.getByText('2 files evicted, ').waitFor()
    assert.equal(full - (await du(cache.dataDir)), Number(said.replace(/\D/g, '')))
  })

  test('warns that a mirror goes without a way back', async (t) => {
    const { page } = await open(t, '/ui/files?kind=git')
    await page.locator(`tr[data-key="${MIRROR}"]`).focus()
    await page.keyboard.press('e')
    const dialog = page.getByRole('dialog', { name: 'Evict 1 file?' })
    await dialog.getByText('1 mirror goes at once').waitFor()
    await dialog.getByRole('button', { name: 'Evict 1 file' }).click()
    await page.getByText('No files are cached yet').waitFor()
  })

  test('takes all that match, whatever of it is loaded', async (t) => {
    const { page } = await open(t, '/ui/files?kind=hf&q=config.json')
    await untilRows(page, 2)
    await page.locator('thead input[type="checkbox"]').check()
    await page.getByRole('region', { name: '2 rows selected' }).waitFor()
    await page.getByText(/^frees /).waitFor()
  })
})

suite('addresses of files', { skip: NO_CHROMIUM || MISSING }, () => {
  test('are turned into lines, and into files of the cache', async (t) => {
    const { page, sources, cache } = await open(t, '/ui/files')
    await page
      .getByRole('textbox', { name: /Address of a file/ })
      .fill('https://github.com/owner/tool/releases/download/v1/tool.tar.gz')
    await page.getByText('curl -fLO', { exact: false }).waitFor()
    await page.getByText('not cached').waitFor()
    sources.files.set('/owner/tool/releases/download/v1/tool.tar.gz', Buffer.alloc(60_000, 7))
    await page.getByRole('button', { name: 'Fetch into cache' }).click()
    await page.getByRole('link', { name: /^cached, / }).waitFor()
    await untilRows(page, 11)
    assert.match(
      await page.locator('.converter pre').first().innerText(),
      new RegExp(`${cache.url}/https://`),
    )
  })

  test('are converted for strangers too, who are told nothing of what is cached', async (t) => {
    const { cache } = await startFull(t)
    const { page, requests } = await openPage(await openBrowser(t), cache.url)
    await visit(page, '/?text=https://huggingface.co/openai-community/gpt2')
    await page.getByText(/HF_ENDPOINT=\S+ hf download openai-community\/gpt2/).waitFor()
    await visit(page, '/?text=https://github.com/octocat/spoon-knife')
    await page.getByText(`git clone ${cache.url}/https://github.com/octocat/spoon-knife`).waitFor()
    assert.ok(requests.every((url) => !url.includes('/lookup')))
  })
})

suite('files elsewhere in the console', { skip: NO_CHROMIUM || MISSING }, () => {
  test('are found by the search and the palette', async (t) => {
    const { page } = await open(t, '/ui/')
    await page.locator('#search').fill('https://huggingface.co/openai-community/gpt2/tree/main')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/ui/files?q=**')
    await untilRows(page, 5)
    await page.locator('#search').fill('octocat')
    await page.keyboard.press('Enter')
    await page.getByRole('link', { name: /^2 files match, too/ }).click()
    await page.waitForURL('**/ui/files?q=octocat')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: /Page, repository, file/ }).fill('spoon')
    await page.getByRole('option', { name: /spoon-knife/ }).click()
    await page.getByRole('heading', { level: 1, name: /spoon-knife/ }).waitFor()
  })

  test('are pinned by pattern, and listed with what a clean-up would do', async (t) => {
    const { page } = await open(t, '/ui/cleanup')
    await page.getByLabel('Name or pattern').fill('hf:openai-community/**')
    await page.getByRole('button', { name: 'Pin', exact: true }).click()
    await page.getByRole('row', { name: /hf:openai-community\/\*\*.*set here 0 5 / }).waitFor()
    await visit(page, '/ui/files?kind=hf')
    await untilRows(page, 5)
    const marks = page.getByRole('img', { name: 'Pinned' })
    await marks.nth(4).waitFor()
    assert.equal(await marks.count(), 5)
  })

  test('offer nothing to those who may only look', async (t) => {
    const { page } = await open(t, `/ui/files/file?name=${GO}`, 'bob')
    await page.getByRole('cell', { name: 'v0.3.0.zip' }).waitFor()
    for (const name of ['Evict…', 'Pin', 'Fetch again'])
      assert.equal(await page.getByRole('button', { name }).count(), 0, name)
    await visit(page, '/ui/files')
    await untilRows(page, 10)
    assert.equal(await page.locator('tbody input[type="checkbox"]').count(), 0)
  })

  test('are explained where there are none yet', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'alice')
    await visit(page, '/ui/files')
    await page.getByText('No files are cached yet').waitFor()
    await page.locator('.empty').getByRole('link', { name: 'Set up a client' }).click()
    await page.getByRole('link', { name: /Hugging Face/ }).waitFor()
  })
})

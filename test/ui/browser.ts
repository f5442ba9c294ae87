import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import { findBinary, missing } from '../clients/process.ts'
import type { Cleanup } from '../support/temp.ts'

/** As a reason to skip: these tests need Debian's Chromium. */
export const NO_CHROMIUM = missing('chromium')

export const THEMES = ['light', 'dark'] as const
export const LANGUAGES = ['en', 'zh'] as const

export interface Look {
  readonly theme?: (typeof THEMES)[number]
  readonly language?: (typeof LANGUAGES)[number]
  readonly width?: number
  readonly height?: number
  /** 2 stands for a page at 200 %: half as many units fit. */
  readonly zoom?: number
}

/** A page with all that it said and asked for. */
export interface Watched {
  readonly page: Page
  /** Errors of scripts, and what the console was told as an error. */
  readonly errors: readonly string[]
  /** Addresses of all requests. */
  readonly requests: readonly string[]
}

/** A browser that reaches this machine only. It goes with the test. */
export async function openBrowser(t: Cleanup): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: findBinary('chromium') ?? 'chromium',
    // Loopback is never asked of a proxy; whatever else a page wants meets a dead one.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--proxy-server=http://127.0.0.1:9'],
  })
  t.after(() => browser.close())
  return browser
}

/** A fresh profile that looks like this. */
export async function openPage(browser: Browser, base: string, look: Look = {}): Promise<Watched> {
  const { theme = 'light', language = 'en', width = 1280, height = 800, zoom = 1 } = look
  const context = await browser.newContext({
    baseURL: base,
    viewport: { width: Math.floor(width / zoom), height: Math.floor(height / zoom) },
    deviceScaleFactor: zoom,
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  const errors: string[] = []
  const requests: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  page.on('request', (request) => requests.push(request.url()))
  return { page, errors, requests }
}

/** Goes there and waits until nothing is on its way any more. */
export async function visit(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await settle(page)
}

/** Until the heading is there and no skeleton stands for anything. */
export async function settle(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  await until(page, 'document.querySelector(".skeleton") === null')
}

/** Waits until an expression is true in the page. Playwright's own way to wait evaluates text, which the policy forbids. */
export async function until(page: Page, condition: string): Promise<void> {
  const deadline = performance.now() + 30_000
  while (!(await evaluate<boolean>(page, condition))) {
    assert.ok(performance.now() < deadline, `never: ${condition}`)
    await sleep(30)
  }
}

/** Evaluates an expression that gives this type. */
export async function evaluate<T>(page: Page, expression: string): Promise<T> {
  // The tests are compiled without the types of browsers, so what runs there is text.
  return await page.evaluate<T>(expression)
}

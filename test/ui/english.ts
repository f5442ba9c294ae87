import type { Page } from 'playwright-core'

/** Sentences of English that stand in a page whose language is another one; names and code are nobody's language. */
export async function englishIn(page: Page): Promise<readonly string[]> {
  return await page.evaluate<readonly string[]>(`(() => {
    const found = []
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      if (node.parentElement.closest('code, pre, kbd, .name, .digest, [lang="en"], script, style, noscript') !== null) continue
      if (/\\b[a-z]{2,} [a-z]{2,} [a-z]{2,}\\b/.test(node.data)) found.push(node.data.trim())
    }
    return found
  })()`)
}

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { suite, test } from 'node:test'
import { ERRORS } from '../../src/domain/errors.ts'
import { REASONS } from '../../src/domain/reasons.ts'
import { SENTENCES } from '../../src/probe/sentences.ts'
import { errors } from '../../ui/src/words/zh/errors.ts'
import { LANGUAGES, NO_CHROMIUM, openBrowser, openPage, THEMES, until, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

const placesIn = (sentence: string): readonly string[] =>
  [...new Set([...sentence.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))].toSorted()

/** What the server says in English, and the same in Chinese. */
const PAIRS = [...pairsOf(REASONS, errors.reasons), ...pairsOf(SENTENCES, errors.findings)]

function pairsOf(english: Readonly<Record<string, string>>, chinese: Readonly<Record<string, string>>) {
  return Object.entries(english).map(([name, text]) => [name, text, chinese[name] ?? ''] as const)
}

suite('what the server says is there in both languages', () => {
  test('every code, with what to do about it, and no other', () => {
    assert.deepEqual(Object.keys(errors.codes).toSorted(), Object.keys(ERRORS).toSorted())
    for (const [code, { message, hint }] of Object.entries(ERRORS)) {
      assert.ok(message !== '' && hint !== '', code)
      const words = errors.codes[code as keyof typeof ERRORS] // compared just before
      for (const text of words) assert.match(text, /\p{Script=Han}/u, code)
    }
  })

  test('every reason and every finding, about the same things', () => {
    assert.deepEqual(Object.keys(errors.reasons).toSorted(), Object.keys(REASONS).toSorted())
    assert.deepEqual(Object.keys(errors.findings).toSorted(), Object.keys(SENTENCES).toSorted())
    for (const [name, english, chinese] of PAIRS) assert.deepEqual(placesIn(chinese), placesIn(english), name)
  })

  test('Chinese is set as it should be', () => {
    const texts = [...PAIRS.map(([, , text]) => text), ...Object.values(errors.codes).flat()]
    for (const text of [...texts, ...Object.values(errors.causes)]) {
      const filled = text.replaceAll(/\{\w+\}/g, 'x')
      assert.doesNotMatch(
        filled,
        /\p{Script=Han}[A-Za-z\d]|[A-Za-z\d]\p{Script=Han}|\p{Script=Han}[,;:?!]/u,
        text,
      )
    }
  })
})

suite('the console says what went wrong', { skip: NO_CHROMIUM }, () => {
  const shots = process.env['SHOTS']
  if (shots !== undefined) mkdirSync(shots, { recursive: true })

  test('in the language of its reader', async (t) => {
    const { hub, cache } = await startConsole(t)
    const browser = await openBrowser(t)
    await hub.stop()
    const said = {
      en: [
        /Filter: unknown word "idel:3d"; did you mean/,
        /No image: this page is about no image\./,
        /connect ECONNREFUSED/,
        /check firewall/,
      ],
      zh: [
        /不认识“idel:3d”，是否想写“idle:30d”/,
        /这个页面与镜像无关。/,
        /：连接被拒绝/,
        /请检查防火墙和代理/,
      ],
    } as const
    for (const language of LANGUAGES)
      for (const theme of shots === undefined ? (['light'] as const) : THEMES) {
        const { page } = await openPage(browser, cache.url, {
          language,
          theme,
          width: theme === 'dark' ? 320 : 1280,
        })
        await logInAs(page, 'alice')
        const [filter, elsewhere, refused, advice] = said[language]
        const look = async (path: string, pattern: RegExp, name: string) => {
          if (path !== '') await visit(page, path)
          await until(page, `${String(pattern)}.test(document.body.innerText)`)
          if (shots !== undefined)
            await page.screenshot({ path: `${shots}/${name}-${language}-${theme}.png` })
        }
        await look('/ui/images?q=idel:3d', filter, 'filter')
        await look('/?text=https://hub.docker.com/search', elsewhere, 'convert')
        await visit(page, '/ui/upstreams')
        await page.getByRole('button', { name: language === 'zh' ? /立即测试/ : /Test now/ }).click()
        await look('', refused, 'test')
        await look('', advice, 'test')
      }
    await hub.start()
  })
})

import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { type Block, commandsOf, ROOT } from './page.ts'
import { PAGES, PAIRS } from './pages.ts'

/** A block without what may differ between languages: comments, and texts that are for people. */
function bare(block: Block): unknown {
  if (block.language === 'sh') return commandsOf(block)
  const lines = block.text.split('\n').map((line) => line.replace(/(^|\s+)#.*$/, ''))
  return [block.language, ...lines.filter((line) => line !== '' && !line.startsWith('reason = '))]
}

for (const [english, chinese] of PAIRS) {
  test(`${chinese.path} has the sections of ${english.path}`, () => {
    const levels = [english, chinese].map(({ headings }) => headings.map(({ level }) => level))
    assert.deepEqual(levels[1], levels[0])
  })

  test(`${chinese.path} shows the blocks of ${english.path}, with the same commands`, () => {
    assert.deepEqual(chinese.blocks.map(bare), english.blocks.map(bare))
  })

  test(`${chinese.path} leads where ${english.path} does`, () => {
    const outside = [english, chinese].map(({ links }) =>
      links.map(({ target }) => target).filter((target) => target.startsWith('https://')),
    )
    assert.deepEqual(outside[1], outside[0])
  })
}

test('every page for readers is looked at here', () => {
  const found = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).toSorted()
  assert.deepEqual(found, PAGES.map(({ path }) => path).toSorted())
})

for (const { path, links, headings } of PAGES) {
  test(`${path}: every link leads somewhere`, () => {
    const broken = links
      .filter(({ target }) => !target.startsWith('https://') && !isThere(path, target))
      .map(({ target, line }) => `${path}:${line} ${target}`)
    assert.deepEqual(broken, [])
  })

  test(`${path}: pictures say what is on them, links and headings are not empty`, () => {
    for (const { label, isImage } of links) assert.ok(label.length > (isImage ? 20 : 0), label)
    for (const { text } of headings) assert.ok(text.trim() !== '')
    assert.equal(headings.filter(({ level }) => level === 1).length, 1)
  })
}

function isThere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const path = file === '' ? from : normalize(join(dirname(from), file))
  if (!existsSync(join(ROOT, path))) return false
  if (anchor === undefined) return true
  const page = PAGES.find((one) => one.path === path)
  return page?.headings.some((heading) => heading.anchor === decodeURIComponent(anchor)) ?? false
}

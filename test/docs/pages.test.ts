import assert from 'node:assert/strict'
import { existsSync, globSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { type Block, commandsOf, ROOT } from './page.ts'
import { PAGES, PAIRS } from './pages.ts'
import { numbersIn, type Row, type Table, tablesOf, textsOf } from './tables.ts'

/** A block without what may differ between languages: comments, and texts that are for people. */
function bare(block: Block): unknown {
  if (block.language === 'sh') return commandsOf(block)
  const lines = block.text.split('\n').map((line) => line.replace(/(^|\s+)#.*$/, ''))
  return [block.language, ...lines.filter((line) => line !== '' && !line.startsWith('reason = '))]
}

/** Of tables that people write. */
function rowsIn(tables: readonly Table[]): readonly Row[] {
  return tables.filter(({ isMade }) => !isMade).flatMap(({ rows }) => rows)
}

function shape({ section, rows }: Table): readonly number[] {
  return [section, rows.length]
}

for (const [english, chinese] of PAIRS) {
  test(`${chinese.path} has the sections of ${english.path}`, () => {
    const levels = [english, chinese].map(({ headings }) => headings.map(({ level }) => level))
    assert.deepEqual(levels[1], levels[0])
  })

  test(`${chinese.path} shows the blocks of ${english.path}, with the same commands`, () => {
    assert.deepEqual(chinese.blocks.map(bare), english.blocks.map(bare))
  })

  test(`${chinese.path} has the tables of ${english.path}, with as many rows and the same numbers`, () => {
    const [ours, theirs] = [tablesOf(english), tablesOf(chinese)]
    assert.deepEqual(theirs.map(shape), ours.map(shape))
    const others = rowsIn(theirs)
    for (const [i, row] of rowsIn(ours).entries()) {
      const other = others[i] ?? assert.fail()
      assert.deepEqual(numbersIn(other), numbersIn(row), `${chinese.path}:${other.line}`)
    }
  })

  test(`${chinese.path} has as many points and paragraphs in each section as ${english.path}`, () => {
    const [ours, theirs] = [textsOf(english), textsOf(chinese)]
    for (const [i, counts] of ours.entries())
      assert.deepEqual(theirs[i], counts, chinese.headings[i - 1]?.text ?? 'above the first heading')
  })

  test(`${chinese.path} leads where ${english.path} does`, () => {
    const outside = [english, chinese].map(({ links }) =>
      links.map(({ target }) => target).filter((target) => target.startsWith('https://')),
    )
    assert.deepEqual(outside[1], outside[0])
  })
}

test('every page for readers is looked at here', () => {
  const found = globSync(['*.md', 'src/**/*.md'], { cwd: ROOT }).toSorted()
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

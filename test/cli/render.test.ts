import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bar } from '../../src/cli/bar.ts'
import { line, picture, renderBlocks } from '../../src/cli/blocks.ts'
import { ago, bytes, count, formatCount, listed, words } from '../../src/cli/cells.ts'
import { csvLines, plainLines, renderTable, type Table } from '../../src/cli/table.ts'
import { terminalOf } from '../../src/cli/terminal.ts'
import { displayWidth, fit, pad } from '../../src/cli/width.ts'
import { MIB } from '../../src/domain/units.ts'
import { COLOURFUL, PIPE, terminal } from './screens.ts'

const TABLE: Table = {
  columns: [
    { key: 'name', title: 'name', shrink: true },
    { key: 'size', title: 'size', align: 'right' },
    { key: 'pulls', title: 'pulls', align: 'right', drop: 1 },
  ],
  rows: [
    [words('docker.io/library/nginx', 'strong'), bytes(71 * MIB), count(18_204)],
    [words('ghcr.io/an-organisation/with-a-long-name/of-an-application'), bytes(512), count(3)],
  ],
}

void test('a table is aligned, numbers to the right', () => {
  assert.deepEqual(renderTable(TABLE, terminal(100)), [
    'name                                                          size   pulls',
    'docker.io/library/nginx                                     71 MiB  18 204',
    'ghcr.io/an-organisation/with-a-long-name/of-an-application   512 B       3',
  ])
})

void test('on a narrow terminal names give up their middle, then columns go; no line is too long', () => {
  const narrow = renderTable(TABLE, terminal(50))
  assert.match(narrow[2] ?? '', /^ghcr\.io\/an-org\S*…\S*application\s+512 B\s+3$/)
  const least = renderTable(TABLE, terminal(30))
  assert.doesNotMatch(least[0] ?? '', /pulls/)
  for (const width of [28, 30, 40, 50, 60, 80])
    for (const row of renderTable(TABLE, terminal(width)))
      assert.ok(displayWidth(row) <= width, `${width}: ${row}`)
})

void test('programs get one row per line, tabs between exact values, and no titles', () => {
  assert.equal(
    renderBlocks([{ kind: 'table', table: TABLE }], PIPE),
    'docker.io/library/nginx\t74448896\t18204\n' +
      'ghcr.io/an-organisation/with-a-long-name/of-an-application\t512\t3\n',
  )
  assert.match(plainLines(TABLE, 'disk')[0] ?? '', /^disk\tdocker\.io/)
})

void test('CSV has titles and quotes what needs it', () => {
  const table = { columns: [{ key: 'a', title: 'A' }], rows: [[words('x,"y"')], [words('plain')]] }
  assert.deepEqual(csvLines(table), ['a', '"x,""y"""', 'plain'])
})

void test('wide characters take two columns, combining ones none', () => {
  assert.equal(displayWidth('抹香鲸'), 6)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(displayWidth('한글 ok'), 7)
  assert.equal(displayWidth('🐋'), 2)
  assert.equal(pad('抹香', 6), '抹香  ')
  assert.equal(fit('抹香鲸抹香鲸', 7), '抹香…鲸')
  assert.equal(fit('抹香鲸抹香鲸', 6), '抹…鲸')
  assert.ok(displayWidth(fit('抹香鲸抹香鲸抹香鲸', 10)) <= 10)
  const rows = renderTable(
    {
      columns: [
        { key: 'n', title: 'n' },
        { key: 's', title: 's' },
      ],
      rows: [
        [words('抹香鲸'), words('|')],
        [words('whale'), words('|')],
      ],
    },
    terminal(),
  )
  assert.deepEqual(
    rows.slice(1).map((row) => displayWidth(row.slice(0, row.indexOf('|')))),
    [8, 8],
  )
})

void test('bars fill up, and in ASCII where nothing else can be shown', () => {
  assert.equal(bar(0.5, 12, { unicode: true }), '[█████░░░░░]')
  assert.equal(bar(0.55, 12, { unicode: false }), '[#####-----]')
  assert.equal(bar(2, 6, { unicode: false }), '[####]')
  assert.equal(bar(Number.NaN, 6, { unicode: false }), '[----]')
  for (let share = 0; share <= 1; share += 0.01)
    assert.equal(displayWidth(bar(share, 20, { unicode: true })), 20, String(share))
})

void test('a terminal without UTF-8 gets ASCII alone, a program what is there', () => {
  const blocks = [
    line('a · b'),
    { kind: 'table' as const, table: { columns: [{ key: 'x', title: '' }], rows: [[words(undefined)]] } },
  ]
  assert.equal(renderBlocks(blocks, terminal(80, { unicode: false })), 'a - b\n-\n')
  assert.equal(renderBlocks(blocks, { ...PIPE, unicode: false }), 'a · b\n\n')
})

void test('pictures are for people', () => {
  assert.equal(renderBlocks([picture('[###]'), line('done')], PIPE), 'done\n')
  assert.equal(renderBlocks([picture('[###]'), line('done')], terminal()), '[###]\ndone\n')
  assert.equal(renderBlocks([], PIPE), '')
})

void test('colour says nothing that the words do not, and goes where it is wanted', () => {
  assert.equal(renderBlocks([line('bad', 'bad')], COLOURFUL), '\u001b[31mbad\u001b[0m\n')
  const tty = { isTTY: true, columns: 120 }
  const ask = { stdout: tty, stderr: { isTTY: false }, env: { LANG: 'C.UTF-8' }, color: 'auto' as const }
  const isColourful = (changes: object) => terminalOf({ ...ask, ...changes }).out.paint('bad', 'x') !== 'x'
  assert.equal(isColourful({}), true)
  assert.equal(isColourful({ env: { NO_COLOR: '1' } }), false)
  assert.equal(isColourful({ env: { NO_COLOR: '1' }, color: 'always' }), true)
  assert.equal(isColourful({ color: 'never' }), false)
  assert.equal(isColourful({ env: { TERM: 'dumb' } }), false)
  assert.equal(isColourful({ stdout: {} }), false)
  assert.equal(terminalOf(ask).out.columns, 120)
  assert.equal(terminalOf(ask).err.interactive, false)
})

void test('the locale that counts decides about Unicode', () => {
  const unicode = (env: Record<string, string>) =>
    terminalOf({ stdout: {}, stderr: {}, env, color: 'auto' }).out.unicode
  assert.equal(unicode({ LANG: 'zh_CN.UTF-8' }), true)
  assert.equal(unicode({ LANG: 'zh_CN.UTF-8', LC_ALL: 'C' }), false)
  assert.equal(unicode({ LC_CTYPE: 'en_US.utf8' }), true)
  assert.equal(unicode({}), false)
})

void test('control characters of a name never reach a terminal', () => {
  assert.equal(words('a\u001b[2Jb\nc').text, 'a [2Jb c')
  assert.equal(words('a\tb').raw, 'a b')
})

void test('values are short for people and exact for programs', () => {
  assert.equal(formatCount(1_234_567), '1 234 567')
  assert.deepEqual(listed(['1', '2', '3', '4']), { text: '1, 2, 3 +1', raw: '1 2 3 4' })
  assert.deepEqual(ago(1_000, 3_601_000), { text: '1 h ago', raw: '1970-01-01T00:00:01.000Z' })
})

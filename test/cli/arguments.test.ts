import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArguments } from '../../src/cli/arguments.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { CommandError, EXIT } from '../../src/cli/exit.ts'
import { helpOf, usage } from '../../src/cli/help.ts'
import { momentOf } from '../../src/cli/moment.ts'
import { DAY, HOUR } from '../../src/domain/clock.ts'
import { GIB } from '../../src/domain/units.ts'

const parse = (...argv: string[]) => parseArguments(argv, COMMANDS)

function refused(...argv: string[]): string {
  let message = ''
  assert.throws(
    () => parse(...argv),
    (error) => {
      assert.ok(error instanceof CommandError)
      assert.equal(error.exitCode, EXIT.usage)
      message = error.message
      return true
    },
  )
  return message
}

void test('no words mean serve, and flags may stand anywhere', () => {
  assert.equal(parse().command.name, 'serve')
  assert.equal(parse('--config', 'x.toml').flags.text('config'), 'x.toml')
  const { command, words, flags } = parse('-c', 'x.toml', 'ls', '--limit=5', 'nginx', '-vv')
  assert.deepEqual([command.name, words, flags.count('limit'), flags.verbosity], ['ls', ['nginx'], 5, 2])
})

void test('a command of two words leaves the rest', () => {
  const { command, words } = parse('config', 'show', 'a.toml')
  assert.deepEqual([command.name, words], ['config show', ['a.toml']])
})

void test('the values of --sort and --filter may begin with a dash', () => {
  assert.equal(parse('ls', '--sort', '-only-here').flags.text('sort'), '-only-here')
  assert.equal(parse('ls', '--filter', '-pinned idle:1d').flags.text('filter'), '-pinned idle:1d')
  assert.equal(parse('ls', '--sort=-total', '--json').flags.on('json'), true)
})

void test('values are read in the units of the configuration', () => {
  const { flags } = parse('gc', '--free', '2GiB', '--grace', '2h')
  assert.deepEqual([flags.bytes('free'), flags.duration('grace')], [2 * GIB, 2 * HOUR])
  assert.throws(
    () => parse('gc', '--free', 'much').flags.bytes('free'),
    /--free cannot be "much" · try: .*20GiB/,
  )
  assert.throws(() => parse('ls', '--limit', '0').flags.count('limit'), /--limit cannot be "0"/)
  assert.throws(() => parse('ls', '--color', 'alway').flags.color, /perhaps always/)
})

void test('what cannot be meant names what is near', () => {
  assert.match(refused('lst'), /unknown command "lst"; did you mean "ls"/)
  assert.match(refused('confg', 'check'), /did you mean "config check"/)
  assert.match(
    refused('config'),
    /^config needs one of check, show · try: cachalot config check, cachalot config/,
  )
  assert.match(refused('user'), /^user needs one of ls, add, passwd, rm · try: cachalot user ls, /)
  assert.match(refused('key'), /^key needs one of ls, add, rm · try: cachalot key ls, /)
  assert.match(refused('token'), /^token needs one of ls, add, rm · try: /)
  assert.match(refused('client'), /^client needs setup · try: cachalot client setup$/)
  assert.match(refused('user', 'paswd', 'x'), /unknown command "user paswd"; did you mean "user passwd"/)
  assert.match(refused('user', 'frobnicate'), /unknown command "user frobnicate" · try: cachalot user ls, /)
  assert.match(refused('gc', '--dry'), /unknown flag --dry of gc · try: cachalot gc --help/)
  assert.match(refused('gc', '--dry-rum'), /did you mean "--dry-run"/)
  assert.match(refused('show', '--yes', 'x'), /unknown flag --yes of show/)
  assert.match(refused('ls', '--limit'), /--limit needs a value: --limit N/)
  assert.match(refused('ls', '--json=1'), /--json takes no value/)
  assert.match(refused('show'), /show needs REF/)
  assert.match(refused('stats', 'now'), /stats does not know what to do with "now"/)
})

void test('the usage names every command once, by groups, within 120 columns', () => {
  const text = usage(COMMANDS)
  for (const { name } of COMMANDS) assert.equal(text.split(`  cachalot ${name} `).length, 2, name)
  for (const row of text.split('\n')) assert.ok(row.length <= 120, row)
})

void test('the help of every command names its flags, and its examples can be parsed', () => {
  for (const command of COMMANDS) {
    const text = helpOf(command)
    for (const flag of Object.keys(command.flags))
      assert.ok(text.includes(`--${flag}`), `${command.name} ${flag}`)
    for (const row of text.split('\n')) assert.ok(row.length <= 120, row)
    for (const example of command.examples ?? []) {
      const argv = (example.split(/ [|&]/)[0] ?? '').match(/'[^']*'|"[^"]*"|\S+/g) ?? []
      const parsed = parse(...argv.map((word) => word.replace(/^['"]|['"]$/g, '')))
      assert.equal(parsed.command.name, command.name, example)
    }
  }
})

void test('--until is a span, or a day to its end', () => {
  const now = new Date(2026, 5, 1, 12).getTime()
  assert.equal(momentOf('30d', now), now + 30 * DAY)
  assert.equal(momentOf('2026-06-01', now), new Date(2026, 5, 2).getTime())
  assert.equal(momentOf('2026-06-30', now), new Date(2026, 6, 1).getTime())
  assert.equal(momentOf('2026-06-01T12:00:01Z', Date.UTC(2026, 5, 1, 12)), Date.UTC(2026, 5, 1, 12, 0, 1))
  for (const wrong of ['2026-05-31', '2026-02-30', '2026-13-01', 'soon', '0', '', '2026-06-01Tx'])
    assert.equal(momentOf(wrong, now), undefined, wrong)
})

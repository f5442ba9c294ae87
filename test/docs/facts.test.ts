import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { TAKES } from '../../src/api/roles.ts'
import { parseArguments } from '../../src/cli/arguments.ts'
import { COMMANDS } from '../../src/cli/commands.ts'
import { keyAt, tableAt } from '../../src/config/keys.ts'
import { codesOf } from './codes.ts'
import { ROOT } from './page.ts'
import { GUIDES, PAGES } from './pages.ts'

/** "--since 180d" and the like are said of the command before them. */
const COMMAND = /^(?:npx )?cachalot ([a-z].*)$/

suite('what a page names exists', () => {
  for (const page of GUIDES) {
    test(`${page.path}: commands and their flags`, () => {
      for (const { code, where } of codesOf(page)) {
        const [, line] = COMMAND.exec(code) ?? []
        if (line === undefined) continue
        const words = line.split(' ').map((word) => word.replaceAll(/^'|'$/g, ''))
        assert.doesNotThrow(() => parseArguments([...words, '--help'], COMMANDS), where)
      }
    })

    test(`${page.path}: keys of the configuration`, () => {
      const unknown = codesOf(page).filter(({ code }) => namesUnknownKey(code))
      assert.deepEqual(
        unknown.map(({ where }) => where),
        [],
      )
    })
  }

  for (const page of PAGES)
    test(`${page.path}: files of the project`, () => {
      const lost = codesOf(page).filter(
        ({ code }) => /^(?:src|test|migrations|ui)\/[\w./*-]+$/.test(code) && !isThere(code),
      )
      assert.deepEqual(
        lost.map(({ where }) => where),
        [],
      )
    })
})

function isThere(pattern: string): boolean {
  return globSync(pattern.endsWith('/') ? pattern.slice(0, -1) : pattern, { cwd: ROOT }).length > 0
}

/** `storage.max_size`, `[huggingface] max_size = …`, `CACHALOT_STORAGE__MAX_SIZE`, as far as the table is one. */
function namesUnknownKey(code: string): boolean {
  const variable = /^CACHALOT_([A-Z_]+?)__([A-Z_]+)(?:=|$)/.exec(code)
  if (variable !== null) return isUnknown(variable[1]?.toLowerCase(), variable[2]?.toLowerCase())
  const bracketed = /^\[{1,2}([a-z_.]+)\]{1,2} ([a-z_]+)/.exec(code)
  if (bracketed !== null) return isUnknown(bracketed[1], bracketed[2])
  const dotted = /^((?:[a-z_]+\.)+)([a-z_]+)(?: = .*)?$/.exec(code)
  if (dotted === null) return false
  return isUnknown(dotted[1]?.slice(0, -1), dotted[2])
}

function isUnknown(table = '', key = ''): boolean {
  const path = table.split('.')
  return (
    tableAt(path) !== undefined &&
    keyAt([...path, key]) === undefined &&
    tableAt([...path, key]) === undefined
  )
}

for (const path of ['README.md', 'README.zh-CN.md'])
  test(`${path} names every command`, () => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const [, list = '', groups = ''] = /`(stats ls [a-z ]+)`([\s\S]*?)`--help`/.exec(text) ?? []
    const named = new Set(list.split(' '))
    for (const [, code = ''] of groups.matchAll(/`([a-z |]+?)(?: KIND| 种类)?`/g))
      for (const verb of code.split(' ').slice(1).join(' ').split('|'))
        named.add(`${code.split(' ')[0]} ${verb}`.trim())
    // Said before the list.
    for (const name of ['serve', 'config check', 'config show', 'healthcheck', 'version']) named.add(name)
    assert.deepEqual([...named].toSorted(), COMMANDS.map(({ name }) => name).toSorted())
  })

for (const path of ['src/auth/access.md', 'src/auth/access.zh-CN.md'])
  test(`${path} has every route of the API in the row of its role`, () => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    const rows = new Map(
      [...text.matchAll(/^\| (user|operator|admin) \| (`.*`.*) \|$/gm)].map(([, role, row = '']) => [
        role,
        row,
      ]),
    )
    const said = ['user', 'operator', 'admin'].flatMap((role) => routesIn(rows.get(role) ?? '', role))
    const real = Object.entries(TAKES).flatMap(([route, role]) =>
      role === 'anyone' ? [] : [`${role} ${route}`],
    )
    assert.deepEqual(said.toSorted(), real.toSorted())
  })

/** "`GET` `/a` `/b`; `PUT DELETE` `/c`": methods count for the paths behind them. */
function routesIn(row: string, role: string): string[] {
  let methods: readonly string[] = []
  return [...row.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => {
    if (code.startsWith('/')) return methods.map((method) => `${role} ${method} ${code}`)
    methods = code.split(' ')
    return []
  })
}

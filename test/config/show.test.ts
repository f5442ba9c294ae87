import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'smol-toml'
import { renderConfig } from '../../src/config/show.ts'
import { load } from './support.ts'

const TOML = `[server]
listen = "127.0.0.1:5001"
[cache]
tag_ttl = "1h"
[[upstream]]
name = "a.example.com"
url = "https://a.example.com"
username = "me"
aliases = [
  "a",
]
`
const ENV = {
  CACHALOT_STORAGE__MAX_SIZE: '20GiB',
  CACHALOT_UPSTREAM__A_EXAMPLE_COM__PASSWORD: 'hunter2',
  CACHALOT_UPSTREAM__A_EXAMPLE_COM__PROXY: 'http://u:hunter2@proxy:3128',
}

/** Lines as "text # origin" with single spaces. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/ +#/, ' #').replace(/# \S*config\.toml/, '# config.toml'))
}

void test('every key is shown with the place its value came from', (t) => {
  const lines = linesOf(renderConfig(load(t, TOML, ENV), { origin: true }))
  for (const expected of [
    'listen = "127.0.0.1:5001" # config.toml:2',
    'public_url = "" # default',
    'max_size = "20GiB" # env CACHALOT_STORAGE__MAX_SIZE',
    'verified_ranges = false # default',
    '[[upstream]]',
    'aliases = ["a"] # config.toml:9',
    'default = true # default',
    '# password = "***" # env CACHALOT_UPSTREAM__A_EXAMPLE_COM__PASSWORD',
    'anonymous_pull = "private" # default',
  ]) {
    assert.ok(lines.includes(expected), expected)
  }
  assert.equal(lines.filter((line) => line === 'tag_ttl = "1h" # config.toml:4').length, 2)
})

void test('secrets are masked and never in what is shown', (t) => {
  const loaded = load(t, TOML, ENV)
  const text = renderConfig(loaded, { origin: false })
  assert.ok(!text.includes('hunter2') && !JSON.stringify(loaded.entries).includes('hunter2'))
  assert.match(text, /^# password = "\*\*\*"$/m)
  assert.match(text, /^# proxy = "http:\/\/\*\*\*@proxy:3128"$/m)
})

void test('what is shown is TOML that loads to the same configuration', (t) => {
  for (const toml of ['', TOML.replace('username = "me"\n', '')]) {
    const loaded = load(t, toml)
    const text = renderConfig(loaded, { origin: true })
    parse(text)
    const again = load(t, text)
    const { storage, ...rest } = again.config
    const { storage: before, ...others } = loaded.config
    assert.deepEqual(rest, others)
    assert.deepEqual({ ...storage, path: '' }, { ...before, path: '' })
  }
})

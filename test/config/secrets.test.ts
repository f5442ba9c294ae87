import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { renderProblems } from '../../src/config/problem.ts'
import { brief, folderOf, problemsIn } from './support.ts'

const UPSTREAM = '[[upstream]]\nname = "a.b"\nurl = "https://a.example.com"\n'
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

void test('a password is the content of its file without the last line break', (t) => {
  const toml = `${UPSTREAM}username = "me"\npassword_file = "secret"\n`
  const folder = folderOf(t, { 'config.toml': toml })
  const file = join(folder, 'config.toml')
  for (const [text, password] of [
    ['pass word', 'pass word'],
    ['pass\n', 'pass'],
    ['pass\r\n', 'pass'],
    ['pass\n\n', 'pass\n'],
    [' pass ', ' pass '],
  ] as const) {
    writeFileSync(join(folder, 'secret'), text, { mode: 0o600 })
    assert.equal(loadConfig({ file, env: {} }).config.upstreams[0]?.password, password)
  }
})

void test('the environment wins over a password file, which is then not read', (t) => {
  const folder = folderOf(t, { 'config.toml': `${UPSTREAM}username = "me"\npassword_file = "missing"\n` })
  const env = { CACHALOT_UPSTREAM__A_B__PASSWORD: 'other' }
  const { config } = loadConfig({ file: join(folder, 'config.toml'), env })
  assert.equal(config.upstreams[0]?.password, 'other')
})

void test('a secret in the file is refused with a hint, and shown nowhere', (t) => {
  const folder = folderOf(t, {
    'config.toml': `${UPSTREAM}username = "me"\npassword = "hunter2"\nproxy = "http://u:hunter2@proxy:1"\n`,
  })
  const problems = problemsIn(() => loadConfig({ file: join(folder, 'config.toml'), env: {} }))
  const text = renderProblems(problems)
  assert.match(text, /:5 .*password_file, or set CACHALOT_UPSTREAM__A_B__PASSWORD/)
  assert.match(text, /:6 .*proxy.*must hold no credentials in this file/)
  assert.ok(!text.includes('hunter2'))
})

void test('files that cannot be read or hold the wrong thing are problems', (t) => {
  const folder = folderOf(t, {
    'config.toml': `${UPSTREAM}username = "me"\npassword_file = "missing"\nca_file = "empty"
[[upstream]]
name = "c"
url = "https://c.example.com"
username = "me"
password_file = "empty"
ca_file = "."
`,
    empty: '',
  })
  const problems = problemsIn(() => loadConfig({ file: join(folder, 'config.toml'), env: {} }))
  assert.deepEqual(
    brief(problems).map((line) => line.replaceAll(folder, '~')),
    [
      '5 upstream[a.b].password_file ~/missing does not exist',
      '6 upstream[a.b].ca_file ~/empty holds no certificate in PEM form',
      '11 upstream[c].password_file ~/empty is empty',
      '12 upstream[c].ca_file ~ is a folder, not a file',
    ],
  )
})

void test('a password file that everybody can read is warned about', (t) => {
  const toml = `${UPSTREAM}username = "me"\npassword_file = "secret"\n`
  const folder = folderOf(t, { 'config.toml': toml, secret: 'pass' })
  const load = () => loadConfig({ file: join(folder, 'config.toml'), env: {} })
  assert.deepEqual(load().warnings, [])
  chmodSync(join(folder, 'secret'), 0o644)
  const [warning] = load().warnings
  assert.equal(warning?.line, 5)
  assert.equal(warning?.severity, 'warning')
  assert.match(warning?.message ?? '', /chmod 600/)
})

void test('username and password come together', (t) => {
  const folder = folderOf(t, { 'config.toml': `${UPSTREAM}username = "me"\n` })
  const file = join(folder, 'config.toml')
  assert.match(brief(problemsIn(() => loadConfig({ file, env: {} }))).join(), /4 .*username needs a password/)
  const alone = { CACHALOT_UPSTREAM__A_B__PASSWORD: 'x', CACHALOT_UPSTREAM__A_B__USERNAME: '' }
  assert.match(brief(problemsIn(() => loadConfig({ file, env: alone }))).join(), /USERNAME is missing/)
})

void test('a login over plain http to a public host is warned about', (t) => {
  const upstream = (host: string) =>
    `[[upstream]]\nname="a"\nurl="http://${host}"\nusername="me"\npassword_file="secret"\n`
  const warnings = (host: string) => {
    const folder = folderOf(t, { 'config.toml': upstream(host), secret: 'x' })
    return loadConfig({ file: join(folder, 'config.toml'), env: {} }).warnings.map(({ path }) => path)
  }
  assert.deepEqual(warnings('a.example.com'), ['upstream[a].url'])
  assert.deepEqual(warnings('127.0.0.1:5000'), [])
})

void test('certificates are read from ca_file', (t) => {
  const folder = folderOf(t, { 'config.toml': `${UPSTREAM}ca_file = "ca.pem"\n`, 'ca.pem': PEM })
  assert.equal(loadConfig({ file: join(folder, 'config.toml'), env: {} }).config.upstreams[0]?.ca, PEM)
})

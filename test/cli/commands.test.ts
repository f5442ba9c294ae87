import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../support/temp.ts'
import { run } from './support.ts'

void test('config check says every problem at once with its line, and ends with 2', async (t) => {
  const file = join(await tempDir(t), 'bad.toml')
  writeFileSync(file, '[server]\nlissten = "x"\n[storage]\nmax_size = 5\n[cache]\ntag_ttl = "soon"\n')
  const { code, err } = await run(t, ['config', 'check', file])
  assert.equal(code, 2)
  assert.match(err, /bad\.toml:2 .*server\.lissten.*did you mean "listen"/)
  assert.match(err, /bad\.toml:4 .*storage\.max_size/)
  assert.match(err, /bad\.toml:6 .*cache\.tag_ttl/)
})

void test('serve refuses a broken configuration in the same words', async (t) => {
  const file = join(await tempDir(t), 'bad.toml')
  writeFileSync(file, '[auth]\nhtpasswd = 5\n')
  const { code, err, out } = await run(t, ['serve', '--config', file])
  assert.equal(code, 2)
  assert.match(err, /auth\.htpasswd/)
  assert.equal(out, '')
})

void test('config check accepts an empty file', async (t) => {
  const file = join(await tempDir(t), 'empty.toml')
  writeFileSync(file, '')
  const { code, out } = await run(t, ['config', 'check', file])
  assert.equal(code, 0)
  assert.match(out, /ok, 9 upstreams/)
  writeFileSync(file, '[[upstream]]\nname = "docker.io"\nurl = "https://registry-1.docker.io"\n')
  assert.match((await run(t, ['config', 'check', file])).out, /ok, 1 upstream\n/)
})

void test('config show gives what is in effect and where it comes from, and no secret', async (t) => {
  const folder = await tempDir(t)
  const file = join(folder, 'c.toml')
  writeFileSync(join(folder, 'secret'), 'CANARY\n', { mode: 0o600 })
  writeFileSync(
    file,
    '[[upstream]]\nname = "a.example"\nurl = "https://a.example"\nusername = "me"\npassword_file = "secret"\n',
  )
  const { code, out } = await run(t, ['config', 'show', file, '--origin'], {
    CACHALOT_STORAGE__MAX_SIZE: '2GiB',
  })
  assert.equal(code, 0)
  assert.match(out, /max_size = "2GiB" .*env CACHALOT_STORAGE__MAX_SIZE/)
  assert.match(out, /listen = "0\.0\.0\.0:5000" .*default/)
  assert.match(out, /username = "me" .*c\.toml:4/)
  assert.doesNotMatch(out, /CANARY/)
})

void test('an unknown command names the nearest one', async (t) => {
  const { code, err } = await run(t, ['sevre'])
  assert.equal(code, 2)
  assert.match(err, /unknown command "sevre"; did you mean "serve"/)
})

void test('an unknown flag is refused', async (t) => {
  assert.equal((await run(t, ['serve', '--prot', '1'])).code, 2)
})

void test('version and help print and end well', async (t) => {
  assert.match((await run(t, ['version'])).out, /^\d+\.\d+\.\d+\n$/)
  assert.match((await run(t, ['--help'])).out, /cachalot serve/)
})

void test('healthcheck ends with 1 where nothing listens', async (t) => {
  const { code, err } = await run(t, ['healthcheck', '--url', 'http://127.0.0.1:1/healthz'])
  assert.equal(code, 1)
  assert.match(err, /unhealthy/)
})

void test('config check says which rules can never match', async (t) => {
  const file = join(await tempDir(t), 'rules.toml')
  writeFileSync(file, '[[rule]]\nmatch = ["nginx/**", "docker.io/evil/**"]\n')
  const { code, err } = await run(t, ['config', 'check', file])
  assert.equal(code, 0)
  assert.match(err, /rules\.toml: warning: rule 1: "nginx\/\*\*" matches nothing/)
  writeFileSync(file, '[[rule]]\nmatch = ["docker.io/evil/**"]\nusers = []\n')
  const empty = await run(t, ['config', 'check', file])
  assert.deepEqual([empty.code, /rule#1\.users {2}is missing/.test(empty.err)], [2, true])
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import { createReload } from '../../src/config/reload.ts'
import type { Log } from '../../src/domain/log.ts'
import { folderOf } from './support.ts'

function collector(): { log: Log; lines: string[] } {
  const lines: string[] = []
  const say = (level: string) => (_: object, message?: string) => void lines.push(`${level} ${message ?? ''}`)
  const log: Log = {
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
    child: () => log,
  }
  return { log, lines }
}

const FIRST = '[server]\nlisten = "127.0.0.1:5001"\n[storage]\npath = "one"\n[cache]\ntag_ttl = "1m"\n'

function setUp(t: TestContext, apply?: (loaded: LoadedConfig) => Promise<void>) {
  const folder = folderOf(t, { 'config.toml': FIRST })
  const file = join(folder, 'config.toml')
  const load = () => loadConfig({ file, env: {} })
  const applied: LoadedConfig[] = []
  const { log, lines } = collector()
  const reload = createReload({
    initial: load(),
    load,
    apply: async (loaded) => {
      await apply?.(loaded)
      applied.push(loaded)
    },
    log,
  })
  return { folder, reload, applied, lines, write: (text: string) => writeFileSync(file, text) }
}

void test('a good file is applied', async (t) => {
  const { reload, applied, write, lines } = setUp(t)
  write(FIRST.replace('1m', '2m'))
  await reload.reload()
  assert.equal(applied[0]?.config.cache.tagTtl, 120_000)
  assert.equal(reload.current(), applied[0])
  assert.deepEqual(lines, ['info configuration reloaded'])
})

void test('a file that says the same is not applied again', async (t) => {
  const { reload, applied, write } = setUp(t)
  write(`# a comment\n${FIRST}`)
  await reload.reload()
  assert.equal(applied.length, 0)
})

void test('listen and path keep their values with a warning, the rest of that file applies', async (t) => {
  const { reload, applied, write, lines, folder } = setUp(t)
  write(FIRST.replace('5001', '5002').replace('one', 'two').replace('1m', '2m'))
  await reload.reload()
  const config = applied[0]?.config
  assert.equal(config?.server.listen.port, 5001)
  assert.equal(config?.storage.path, join(folder, 'one'))
  assert.equal(config?.cache.tagTtl, 120_000)
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config?.server))
  assert.deepEqual(lines, [
    'warn server.listen changed: restart to use the new value',
    'warn storage.path changed: restart to use the new value',
    'info configuration reloaded',
  ])
})

void test('a broken file keeps the old configuration and logs each problem', async (t) => {
  const { reload, applied, write, lines } = setUp(t)
  const before = reload.current()
  write('[cache]\ntag_ttl = "x"\nnegative_ttl = 5\n')
  await reload.reload()
  assert.equal(applied.length, 0)
  assert.equal(reload.current(), before)
  assert.equal(lines.length, 3)
  assert.match(lines[0] ?? '', /^error .*config\.toml:2 {2}cache\.tag_ttl /)
  assert.match(lines[1] ?? '', /^error .*config\.toml:3 {2}cache\.negative_ttl /)
  write(FIRST.replace('1m', '2m'))
  await reload.reload()
  assert.equal(applied.length, 1)
})

void test('secrets are read again although the file did not change', async (t) => {
  const { reload, applied, write, folder } = setUp(t)
  const secret = join(folder, 'secret')
  writeFileSync(secret, 'old', { mode: 0o600 })
  write('[[upstream]]\nname="a"\nurl="https://a"\nusername="me"\npassword_file="secret"\n')
  await reload.reload()
  writeFileSync(secret, 'new')
  await reload.reload()
  assert.deepEqual(
    applied.map(({ config }) => config.upstreams[0]?.password),
    ['old', 'new'],
  )
})

void test('warnings of a good file are logged', async (t) => {
  const { reload, applied, write, lines, folder } = setUp(t)
  writeFileSync(join(folder, 'secret'), 'x')
  write('[[upstream]]\nname="a"\nurl="http://a.example.com"\nusername="me"\npassword_file="secret"\n')
  await reload.reload()
  assert.equal(applied.length, 1)
  assert.match(lines.join('\n'), /^warn .*:3 {2}upstream\[a\]\.url {2}warning: is http/)
})

void test('reloads run one after the other, and one that fails to apply does not end them', async (t) => {
  let running = 0
  let fail = true
  const { reload, applied, write, lines } = setUp(t, async () => {
    running++
    assert.equal(running, 1)
    await new Promise((resolve) => setImmediate(resolve))
    running--
    if (fail) throw new Error('no')
  })
  write(FIRST.replace('1m', '2m'))
  await Promise.all([reload.reload(), reload.reload()])
  assert.equal(applied.length, 0)
  assert.ok(lines.includes('error the new configuration could not be applied'))
  fail = false
  await reload.reload()
  assert.equal(applied.length, 1)
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { json } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { createAuditor } from '../../src/auth/audit.ts'
import { parseHtpasswd } from '../../src/auth/htpasswd.ts'
import { checkPassword } from '../../src/auth/passwords.ts'
import { createPullKeys } from '../../src/auth/pull-keys.ts'
import { runCommand } from '../../src/cli/commands.ts'
import { openIndex } from '../../src/db/index.ts'
import { toAppError } from '../../src/domain/errors.ts'
import { SILENT } from '../../src/domain/log.ts'
import { fakeClock } from '../support/clock.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { bcryptLine, MIGRATIONS } from './support.ts'

// Each command in this process listens to the same output.
process.stdout.setMaxListeners(0)

/** Commands on a folder of their own, in this process. */
async function scene(t: Cleanup) {
  const folder = await tempDir(t)
  const file = join(folder, 'users')
  const config = join(folder, 'config.toml')
  await writeFile(config, '[storage]\npath = "data"\n')
  const clock = fakeClock()
  const run = async (args: readonly string[], input: string | PassThrough = '') => {
    const outputs = { out: '', err: '' }
    const stdin = typeof input === 'string' ? new PassThrough().end(input) : input
    const stream = (name: 'out' | 'err') => ({ write: (text: string) => void (outputs[name] += text) })
    const world = { stdout: stream('out'), stderr: stream('err'), stdin, env: {}, clock }
    const code = await runCommand([...args, '--config', config], world)
    return { code, ...outputs }
  }
  const user = (args: string, input?: string | PassThrough) =>
    run(['user', ...args.split(' '), '--file', file], input)
  const logsIn = async (name: string, password: string) => {
    const { byName, costliest } = parseHtpasswd(await readFile(file, 'utf8'))
    return await checkPassword(byName.get(name), Buffer.from(password), costliest)
  }
  return { folder, file, clock, run, user, logsIn }
}

/** A terminal at which somebody types; `modes` are what the program did to it. */
function keyboard(...typed: (string | Buffer)[]) {
  const stream = new PassThrough()
  const modes: boolean[] = []
  for (const one of typed) stream.write(one)
  return Object.assign(stream, { isTTY: true, setRawMode: (isRaw: boolean) => modes.push(isRaw), modes })
}

suite('user', () => {
  test('add, passwd, ls and rm change the file and nothing else in it', async (t) => {
    const { file, folder, user, logsIn } = await scene(t)
    assert.equal((await user('add alice', 'wonder land\r\nmore')).code, 0)
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal(await logsIn('alice', 'wonder land'), true)
    assert.match(await readFile(file, 'utf8'), /^alice:\$2y\$12\$.{53}\n$/)
    await writeFile(file, `# kept\n${await readFile(file, 'utf8')}old:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n`, {
      mode: 0o600,
    })
    const again = await user('add alice', 'x')
    assert.deepEqual(
      [again.code, again.err],
      [1, 'error: there is a user "alice" already · try: cachalot user passwd alice\n'],
    )
    assert.equal((await user('passwd alice', 'other')).code, 0)
    assert.deepEqual([await logsIn('alice', 'other'), await logsIn('alice', 'wonder land')], [true, false])
    const list = await user('ls')
    assert.equal(list.out, 'alice\tuser\tbcrypt 12\nold\tuser\tsha\n')
    assert.match(list.err, /users:3: user "old" has a hash of \{SHA\}/)
    assert.equal((await user('rm alice')).code, 0)
    assert.match(await readFile(file, 'utf8'), /^# kept\nold:.*\n$/)
    for (const command of ['rm alice', 'passwd alice'])
      assert.equal((await user(command, 'x')).code, 4, command)
    assert.deepEqual((await readdir(folder)).sort(), ['config.toml', 'users'])
  })

  test('keeps mode and link of the file', async (t) => {
    const { folder, file, user } = await scene(t)
    await mkdir(join(folder, 'secrets'))
    await writeFile(join(folder, 'secrets', 'real'), bcryptLine('x', '1'), { mode: 0o640 })
    await symlink(join('secrets', 'real'), file)
    assert.equal((await user('rm x')).code, 0)
    assert.equal((await stat(join(folder, 'secrets', 'real'))).mode & 0o777, 0o640)
    assert.match(await readFile(file, 'utf8'), /^#/)
  })

  test('makes the data folder for the first user where nobody named a file', async (t) => {
    const { folder, run } = await scene(t)
    assert.equal((await run(['user', 'add', 'first', '--role', 'admin'], 'a password')).code, 0)
    const text = await readFile(join(folder, 'data', 'htpasswd'), 'utf8')
    assert.match(text, /^first:\$2y\$12\$[^:]+:role=admin\n$/)
    assert.match((await run(['user', 'ls'])).out, /first\tadmin/)
  })

  test('refuses names and passwords that are none, and changes nothing then', async (t) => {
    const { folder, user, run } = await scene(t)
    for (const name of ['a:b', 'anonymous', '*', '#x', 'x\u0007'])
      assert.equal((await user(`add ${name}`, 'x')).code, 2, name)
    for (const password of ['', '\n', 'x'.repeat(73), 'é'.repeat(37), 'a\tb'])
      assert.equal((await user('add x', password)).code, 2, password)
    const none = await run(['user', 'ls'])
    assert.equal(none.code, 0)
    assert.match(none.err, /nobody can log in \(.*data\/htpasswd\)/)
    assert.equal((await user('add x extra', 'x')).code, 2)
    assert.deepEqual(await readdir(folder), ['config.toml'])
    const missing = await run(['user', 'add', 'x', '--file', join(folder, 'none', 'users')], 'x')
    assert.equal(missing.code, 1)
    assert.match(missing.err, /users cannot be used · ENOENT/)
  })

  test('asks a person twice and shows nothing of what is typed', async (t) => {
    const { user, logsIn } = await scene(t)
    const keys = keyboard('wondex', '\u007f', 'r\r', 'nonsense\u0015wonder\r')
    const { code, err, out } = await user('add alice', keys)
    assert.deepEqual([code, out, keys.modes], [0, '', [true, false]])
    assert.match(err, /^password for alice: \nonce more: \nalice can log in now/)
    assert.equal(await logsIn('alice', 'wonder'), true)
    const split = Buffer.from('é\ré\r')
    assert.equal((await user('passwd alice', keyboard(split.subarray(0, 1), split.subarray(1)))).code, 0)
    assert.equal(await logsIn('alice', 'é'), true)
  })

  test('changes nothing when the two differ, or at Ctrl-C', async (t) => {
    const { user, folder } = await scene(t)
    const differ = await user('add alice', keyboard('a\rb\r'))
    assert.equal(differ.code, 1)
    assert.match(differ.err, /the two passwords differ/)
    const stopped = keyboard('a\u0003')
    assert.equal((await user('add alice', stopped)).code, 130)
    assert.deepEqual(stopped.modes, [true, false])
    assert.deepEqual(await readdir(folder), ['config.toml'])
  })

  test('many at once lose nobody', async (t) => {
    const { file, user } = await scene(t)
    await writeFile(file, bcryptLine('first', '1'))
    const names = Array.from({ length: 4 }, (_, n) => `user${n}`)
    const codes = await Promise.all(names.map((name) => user(`add ${name}`, 'x')))
    assert.deepEqual(
      codes.map(({ code }) => code),
      [0, 0, 0, 0],
    )
    const found = [...parseHtpasswd(await readFile(file, 'utf8')).byName.keys()]
    assert.deepEqual(found.sort(), ['first', ...names])
  })

  test('goes on after one that crashed', async (t) => {
    const { folder, file, user, logsIn } = await scene(t)
    await writeFile(`${file}.new`, 'half of it')
    assert.equal((await user('add alice', 'x')).code, 0)
    assert.equal(await logsIn('alice', 'x'), true)
    assert.deepEqual((await readdir(folder)).sort(), ['config.toml', 'users'])
  })
})

/** A server on the socket of the folder, with routes as contract.ts describes them. */
async function serve(t: Cleanup, folder: string, clock: () => number) {
  await mkdir(join(folder, 'data'))
  const index = openIndex(join(folder, 'data', 'cachalot.db'), MIGRATIONS)
  const keys = createPullKeys(index, clock)
  const audit = createAuditor({ index, clock, log: SILENT })
  const answer = async (req: IncomingMessage): Promise<object> => {
    const { pathname, searchParams } = new URL(req.url ?? '', 'http://x')
    // The bodies are those that our own commands write.
    const body = async () => (await json(req)) as { name: string; expiresAt?: number }
    if (req.method === 'PUT') {
      const { name, expiresAt } = await body()
      return await keys.create({ name, by: 'operator', expiresAt })
    }
    if (req.method === 'DELETE') await keys.revoke((await body()).name)
    if (pathname === '/api/v1/keys') return { items: keys.list() }
    const limit = Number(searchParams.get('limit'))
    const before = searchParams.has('cursor') ? Number(searchParams.get('cursor')) : undefined
    const items = index.audit.list({ since: Number(searchParams.get('since')), before, limit })
    return { items, nextCursor: items.length < limit ? undefined : String(items.at(-1)?.id) }
  }
  const server = createServer((req, res) => {
    answer(req)
      .catch((error: unknown) => {
        const { code, message, facts } = toAppError(error)
        res.statusCode = facts.status
        return { error: { code, message, hint: facts.hint } }
      })
      .then((body) => res.end(JSON.stringify(body)))
      .catch(() => res.destroy())
  })
  server.listen(join(folder, 'data', 'cachalot.sock'))
  await once(server, 'listening')
  t.after(async () => {
    server.close()
    await index.close()
  })
  return { index, keys, audit }
}

suite('key', () => {
  test('add prints the key once, with what to write where; ls and rm know it by its name', async (t) => {
    const { folder, run, clock } = await scene(t)
    const { keys, index } = await serve(t, folder, clock)
    const added = await run(['key', 'add', 'nas', '--expires', '90d'])
    assert.equal(added.code, 0)
    const [secret = ''] = added.out.split('\n')
    assert.deepEqual(keys.find(secret), { kind: 'valid', name: 'nas' })
    assert.match(
      added.out,
      new RegExp(`\\nline\\tdocker\\t"registry-mirrors": \\["http://YOUR-CACHE:5000/k/${secret}"\\]\\t`),
    )
    assert.match(added.out, new RegExp(`\\tlocation = "YOUR-CACHE:5000/k/${secret}/docker.io"\\t`))
    assert.match(added.err, /over plain http everybody on the way can read the key/)
    index.keys.flush()
    clock.advance(1000)
    const list = await run(['key', 'ls'])
    assert.equal(
      list.out,
      'nas\t2026-01-01T00:00:00.000Z\toperator\t2026-01-01T00:00:00.000Z\t1\t2026-04-01T00:00:00.000Z\n',
    )
    assert.doesNotMatch(list.out, /ck_/)
    const twice = await run(['key', 'add', 'nas'])
    assert.deepEqual([twice.code, /already/.test(twice.err)], [2, true])
    assert.equal((await run(['key', 'add', 'x', '--expires', 'yesterday'])).code, 2)
    assert.equal((await run(['key', 'rm', 'nas'])).code, 0)
    assert.equal(keys.find(secret).kind, 'refused')
    const gone = await run(['key', 'rm', 'nas'])
    assert.deepEqual([gone.code, gone.err], [4, 'error: there is no pull key "nas" · try: cachalot key ls\n'])
  })

  test('add --json gives everything to programs', async (t) => {
    const { folder, run, clock } = await scene(t)
    const { keys } = await serve(t, folder, clock)
    const added = await run(['key', 'add', 'ci', '--json'])
    const { secret, name, lines } = JSON.parse(added.out)
    assert.deepEqual([keys.find(secret), name, lines.length], [{ kind: 'valid', name: 'ci' }, 'ci', 6])
  })
})

test('audit lists the newest, and exports everything as lines of JSON', async (t) => {
  const { folder, run, clock } = await scene(t)
  const { audit } = await serve(t, folder, clock)
  assert.match((await run(['audit'])).err, /nothing happened/)
  for (let n = 0; n < 1100; n++) {
    audit.note({ who: 'alice', address: '192.0.2.1', action: 'remove', target: `x${n}`, outcome: 'ok' })
    clock.advance(60_000)
  }
  const list = (await run(['audit', '--limit', '2'])).out.split('\n')
  assert.match(list[0] ?? '', /\talice\t192\.0\.2\.1\tremove\tx1099\tok$/)
  assert.equal(list.length, 3)
  const lines = (await run(['audit', '--json'])).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual([lines.length, lines[0].target, lines.at(-1).target], [1100, 'x1099', 'x0'])
  const hour = (await run(['audit', '--json', '--since', '1h'])).out.trimEnd().split('\n')
  assert.equal(hour.length, 60)
})

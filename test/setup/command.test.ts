import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { newKey } from '../../src/auth/key-text.ts'
import { type Ended, run } from '../cli/support.ts'
import { tempDir } from '../support/temp.ts'
import { createMachine, setupOf } from './support.ts'

/** Runs the command on this configuration. */
async function open(t: TestContext, server = '') {
  const file = join(await tempDir(t), 'config.toml')
  const upstream = '[[upstream]]\nname = "docker.io"\nurl = "https://registry-1.docker.io"\ndefault = true\n'
  writeFileSync(
    file,
    `[server]\n${server}\n${upstream}[[upstream]]\nname = "ghcr.io"\nurl = "https://ghcr.io"\n`,
  )
  return (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    run(t, ['client', 'setup', ...args, '--config', file], env)
}

const NAMED = 'public_url = "https://cache.example.com"'

suite('cachalot client setup', () => {
  test('gives a pipe the script alone, and what the page gives as JSON', async (t) => {
    const setup = await open(t, NAMED)
    const { apply, undo } = setupOf('podman')
    assert.deepEqual(await setup(['podman']), { code: 0, out: apply, err: '' })
    assert.deepEqual(await setup(['podman', '--undo']), { code: 0, out: undo, err: '' })
    const { out } = await setup(['podman', '--json'])
    assert.deepEqual(JSON.parse(out), JSON.parse(JSON.stringify(setupOf('podman'))))
  })

  test('what it gives runs', async (t) => {
    const setup = await open(t)
    const flags = ['--url', 'cache.lan:5000', '--http', '--registries', 'ghcr.io', '--key', newKey()]
    const { code, out, err } = await setup(['k3s', '--strict', ...flags])
    assert.deepEqual([code, err.split(':')[0]], [0, 'warning'])
    const machine = await createMachine(t)
    assert.equal(machine.run(out).code, 0)
    assert.match(machine.read('/etc/rancher/k3s/registries.yaml'), /"http:\/\/cache\.lan:5000\/v2\/k\/ck_/)
    assert.ok(machine.exists('/etc/rancher/k3s/config.yaml.d/cachalot.yaml'))
  })

  test('speaks Chinese where the terminal does', async (t) => {
    const setup = await open(t, NAMED)
    const { out } = await setup(['docker'], { LC_ALL: '', LC_MESSAGES: '', LANG: 'zh_CN.UTF-8' })
    assert.match(out, /拉取镜像/)
  })

  test('shows what is to be done where no script can do it', async (t) => {
    const setup = await open(t, NAMED)
    const { code, out } = await setup(['nas'])
    assert.equal(code, 0)
    assert.match(out, /"registry-mirrors": \[\n {4}"https:\/\/cache\.example\.com"/)
    assert.equal((await setup(['nas', '--undo'])).code, 1)
  })

  test('says what it does not know', async (t) => {
    const unnamed = await open(t)
    const named = await open(t, NAMED)
    const asks: readonly (readonly [typeof named, readonly string[], RegExp])[] = [
      [unnamed, ['docker'], /by which address .* --url/],
      [named, ['windows'], /no client "windows" .* docker, /],
      [named, ['docker', '--key', 'x'], /--key cannot be "x"/],
      [named, ['docker', '--ca', 'x'], /ca: an absolute path/],
      [named, ['docker', '--registries', 'a b'], /registries: a name like/],
      [named, ['docker', '--url', 'https://a/b'], /the address of the cache must be like/],
    ]
    for (const [setup, args, said] of asks) {
      const { code, err } = await setup(args)
      assert.equal(code, 2, err)
      assert.match(err, said)
    }
  })
})

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'smol-toml'
import type { SetupKind } from '../../src/setup/setup.ts'
import { tempDir } from '../support/temp.ts'
import { createMachine, type Machine, roundTrip, setupOf, type Tools } from './support.ts'

const DAEMON = '/etc/docker/daemon.json'
const HOSTS = '/etc/containerd/certs.d/docker.io/hosts.toml'
const K3S = '/etc/rancher/k3s/registries.yaml'
const CONF = '/etc/containers/registries.conf'
const OURS = '/etc/containers/registries.conf.d/50-cachalot.conf'

/** Applies and asserts that these files stay as they are, that it says so, and that it fails. */
function refuses(machine: Machine, kind: SetupKind, path: string, ask: Parameters<typeof setupOf>[1] = {}) {
  const before = machine.read(path)
  const { code, said } = machine.run(setupOf(kind, ask).apply)
  assert.equal(code, 1, said)
  assert.match(said, new RegExp(`^NOT changed: .*${path}$`, 'm'))
  assert.equal(machine.read(path), before)
  assert.ok(!machine.exists(`${path}.by-cachalot`))
  return said
}

suite('what scripts leave alone', () => {
  test('daemon.json where nothing here reads JSON, with what to do by hand', async (t) => {
    const machine = await createMachine(t, { tools: 'neither' })
    machine.write(DAEMON, '{"debug": true}')
    assert.match(
      refuses(machine, 'docker', DAEMON),
      /"registry-mirrors": \[\n {4}"https:\/\/cache\.example\.com"/,
    )
  })

  for (const tools of ['jq', 'python3'] as const) {
    for (const text of ['{"debug": true', '[]', '"x"', '{"registry-mirrors": "x"}']) {
      test(`daemon.json that holds ${text}, with ${tools}`, async (t) => {
        const machine = await createMachine(t, { tools })
        machine.write(DAEMON, text)
        refuses(machine, 'docker', DAEMON)
      })
    }
  }

  const yaml = [
    'mirrors: {docker.io: {endpoint: ["https://a.example"]}}\n',
    'mirrors:\n  docker.io: &a\n    rewrite: {}\n',
    'mirrors: *other\n',
    'mirrors:\n\tdocker.io:\n',
    'a: 1\n---\nmirrors:\n',
  ]
  for (const text of yaml)
    test(`registries.yaml that holds ${JSON.stringify(text)}`, async (t) => {
      const machine = await createMachine(t)
      machine.write(K3S, text)
      refuses(machine, 'k3s', K3S)
    })

  const configs = [
    'root = "/x"\n',
    'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/etc/other"\n',
    'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\nendpoint = []\n',
  ]
  for (const text of configs)
    test(`config.toml of containerd that holds ${JSON.stringify(text)}`, async (t) => {
      const machine = await createMachine(t)
      machine.write('/etc/containerd/config.toml', text)
      refuses(machine, 'containerd', '/etc/containerd/config.toml')
    })

  test('registries.conf of the old format, and no drop-in beside it', async (t) => {
    const machine = await createMachine(t)
    machine.write(CONF, '[registries.search]\nregistries = ["docker.io"]\n')
    const { code, said } = machine.run(setupOf('podman').apply)
    assert.equal(code, 1)
    assert.match(said, /old format/)
    assert.ok(!machine.exists(OURS))
  })

  test('registries.conf with a location of its own, where the registry is not to be asked', async (t) => {
    const machine = await createMachine(t)
    machine.write(CONF, '[[registry]]\nprefix = "docker.io"\nlocation = "mine.example"\n')
    refuses(machine, 'podman', CONF, { strict: true })
    assert.ok(!machine.exists(OURS), 'ours would have taken its place')
  })

  test('everything, where the certificate is not there', async (t) => {
    const machine = await createMachine(t)
    const { code, said } = machine.run(setupOf('podman', { ca: '/no/such/ca.pem' }).apply)
    assert.equal(code, 1)
    assert.match(said, /NOT changed: .*certs\.d\/cache\.example\.com\/cachalot\.crt/)
  })

  test('what it cannot write', async (t) => {
    const machine = await createMachine(t)
    machine.write('/etc/docker', 'a file where a folder should be')
    const { code, said } = machine.run(setupOf('docker').apply)
    assert.equal(code, 1)
    assert.match(said, /NOT changed/)
    assert.equal(machine.read('/etc/docker'), 'a file where a folder should be')
  })
})

suite('what happens between two runs', () => {
  for (const tools of ['jq', 'python3'] as const) {
    test(`another address takes the place of the first, with ${tools}`, async (t) => {
      const machine = await createMachine(t, { tools })
      machine.write(DAEMON, '{"debug":true,"registry-mirrors":["https://other.example"]}')
      const before = machine.snapshot()
      machine.run(setupOf('docker', { base: 'http://old.lan:5000' }).apply)
      machine.run(setupOf('docker').apply)
      assert.deepEqual(JSON.parse(machine.read(DAEMON)), {
        debug: true,
        'registry-mirrors': ['https://cache.example.com', 'https://other.example'],
      })
      assert.equal(machine.run(setupOf('docker').undo).code, 0)
      assert.deepEqual(machine.snapshot(), before)
    })

    test(`what somebody wrote into daemon.json since stays, with ${tools}`, async (t) => {
      const machine = await createMachine(t, { tools })
      machine.write(DAEMON, '{"registry-mirrors":["https://other.example"]}')
      machine.run(setupOf('docker', { base: 'http://cache.lan:5000' }).apply)
      edit(machine, (data) => ({ ...data, debug: true }))
      const again = machine.run(setupOf('docker').apply)
      assert.equal(again.code, 0, again.said)
      assert.deepEqual(JSON.parse(machine.read(DAEMON)), {
        'registry-mirrors': ['https://cache.example.com', 'https://other.example'],
        debug: true,
      })
      edit(machine, (data) => ({ ...data, icc: false }))
      const undone = machine.run(setupOf('docker').undo)
      assert.match(undone.said, /somebody changed this file meanwhile/)
      assert.deepEqual(JSON.parse(machine.read(DAEMON)), {
        'registry-mirrors': ['https://other.example'],
        debug: true,
        icc: false,
      })
      assert.ok(!machine.exists(`${DAEMON}.by-cachalot`) && !machine.exists(`${DAEMON}.before-cachalot`))
    })
  }

  test('what somebody wrote into hosts.toml since stays', async (t) => {
    const machine = await createMachine(t)
    machine.write(HOSTS, 'server = "https://registry-1.docker.io"\n')
    machine.run(setupOf('nerdctl', { strict: true }).apply)
    machine.write(HOSTS, `${machine.read(HOSTS)}[host."https://new.example"]\n`)
    assert.equal(machine.run(setupOf('nerdctl', { base: 'http://cache.lan:5000' }).apply).code, 0)
    assert.deepEqual(Object.keys(parse(machine.read(HOSTS))['host'] as object), [
      'http://cache.lan:5000',
      'https://new.example',
    ])
    assert.equal(machine.run(setupOf('nerdctl').undo).code, 0)
    assert.equal(
      machine.read(HOSTS),
      'server = "https://registry-1.docker.io"\n[host."https://new.example"]\n',
    )
  })

  test('a file that was ours alone goes, but not what others added to it', async (t) => {
    const machine = await createMachine(t)
    machine.run(setupOf('k3s').apply)
    machine.write(K3S, `${machine.read(K3S)}  quay.io:\n    endpoint: ["https://q.example"]\n`)
    assert.equal(machine.run(setupOf('k3s').undo).code, 0)
    assert.equal(machine.read(K3S), 'mirrors:\n  quay.io:\n    endpoint: ["https://q.example"]\n')
  })

  test('a file that somebody removed is made again, and not brought back by the undo', async (t) => {
    const machine = await createMachine(t)
    machine.write(DAEMON, '{"debug":true}')
    const { apply, undo } = setupOf('docker')
    machine.run(apply)
    rmSync(join(machine.root, DAEMON))
    assert.equal(machine.run(undo).code, 0)
    assert.ok(!machine.exists(DAEMON))
    machine.write(DAEMON, '{"debug":true}')
    machine.run(apply)
    rmSync(join(machine.root, DAEMON))
    assert.equal(machine.run(apply).code, 0)
    assert.deepEqual(JSON.parse(machine.read(DAEMON)), { 'registry-mirrors': ['https://cache.example.com'] })
  })

  test('a run that was cut off before it wrote the file is undone, or done, like any other', async (t) => {
    const { apply, undo } = setupOf('docker')
    for (const next of [[undo], [apply, apply, undo]]) {
      const machine = await createMachine(t)
      machine.write(DAEMON, '{"debug":true}')
      const before = machine.snapshot()
      machine.write(`${DAEMON}.before-cachalot`, '{"debug":true}')
      machine.write(`${DAEMON}.by-cachalot`, '{"debug":true,"registry-mirrors":["https://old.example"]}')
      for (const script of next) assert.equal(machine.run(script).code, 0)
      assert.deepEqual(machine.snapshot(), before)
    }
  })

  test('an undo without anything to undo does nothing', async (t) => {
    const machine = await createMachine(t)
    machine.write(DAEMON, '{"debug":true}')
    const before = machine.snapshot()
    for (const kind of ['docker', 'containerd', 'k3s', 'podman', 'buildkit'] as const)
      assert.deepEqual(machine.run(setupOf(kind).undo), { code: 0, said: '' })
    assert.deepEqual(machine.snapshot(), before)
  })

  test('a file that is for few stays so, and its owner keeps it', async (t) => {
    const machine = await createMachine(t)
    machine.write(DAEMON, '{"debug":true}', 0o600)
    const applied = roundTrip(machine, setupOf('docker'))
    assert.match(applied['etc/docker/daemon.json'] ?? '', /^600 /)
    assert.match(applied['etc/docker/daemon.json.before-cachalot'] ?? '', /^600 /)
  })

  test('the certificate of an authority is copied to where the client looks', async (t) => {
    const machine = await createMachine(t)
    machine.write('/ca.pem', 'PEM')
    const ca = join(machine.root, 'ca.pem')
    for (const kind of ['docker', 'podman'] as const) {
      const tree = kind === 'docker' ? 'docker' : 'containers'
      const applied = roundTrip(machine, setupOf(kind, { ca, base: 'https://cache.lan:5443' }))
      assert.equal(applied[`etc/${tree}/certs.d/cache.lan:5443/cachalot.crt`], '644 PEM')
    }
    for (const kind of ['containerd', 'k3s', 'buildkit'] as const)
      assert.match(JSON.stringify(roundTrip(machine, setupOf(kind, { ca }))), new RegExp(ca))
  })
})

test('whoever is not root is asked for it, and nothing is done before', async (t) => {
  const bin = join(await tempDir(t), 'bin')
  mkdirSync(bin)
  const program = (name: string, text: string): void => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  program('id', 'echo 1000')
  program('sudo', 'echo "sudo $*"; wc -l >/dev/null')
  for (const script of [setupOf('docker').apply, setupOf('docker').undo]) {
    for (const shell of ['/bin/dash', '/bin/bash']) {
      const env = { PATH: `${bin}:/usr/bin:/bin` }
      const { stdout } = spawnSync(shell, ['-c', script ?? ''], { env, encoding: 'utf8' })
      assert.equal(stdout, 'sudo sh\n')
    }
  }
})

test('every script is whole in any of these tools', async (t) => {
  for (const tools of ['jq', 'python3', 'neither'] satisfies Tools[]) {
    const machine = await createMachine(t, { tools })
    roundTrip(machine, setupOf('docker'))
  }
})

function edit(machine: Machine, change: (data: Record<string, unknown>) => Record<string, unknown>): void {
  // The scripts wrote it.
  const data = JSON.parse(machine.read(DAEMON)) as Record<string, unknown>
  machine.write(DAEMON, JSON.stringify(change(data)))
}

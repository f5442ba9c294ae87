import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { SETUP_KINDS } from '../../src/setup/setup.ts'
import { createMachine, roundTrip, type Shell, setupOf } from './support.ts'

const SHELLS: readonly Shell[] = ['dash', 'bash', 'busybox']
const KEY = 'ck_abcdefgh'
/** podman and skopeo of users who are not root read the same files. */
const FOR_EVERYBODY = ['podman', 'crio', 'skopeo']
const SCRIPTED = SETUP_KINDS.filter((kind) => setupOf(kind).apply !== undefined)

/** Modes of all files with and without the key, copies of the scripts too. */
function modesIn(shot: Readonly<Record<string, string>>) {
  const files = Object.values(shot).filter((text) => !text.endsWith(' folder') && !text.startsWith('->'))
  const modes = (hasKey: boolean) => [
    ...new Set(files.filter((text) => text.includes(KEY) === hasKey).map((text) => text.split(' ')[0])),
  ]
  return { secret: modes(true), open: modes(false) }
}

suite('files that hold a pull key', () => {
  for (const kind of SCRIPTED)
    test(`of ${kind} are for those alone who have to read them`, async (t) => {
      for (const shell of SHELLS) {
        const machine = await createMachine(t, { shell, tools: 'neither' })
        const shot = roundTrip(machine, setupOf(kind, { key: KEY, strict: true }))
        assert.deepEqual(modesIn(shot).secret, [FOR_EVERYBODY.includes(kind) ? '644' : '600'], shell)
      }
    })

  test('keep the mode of a file that was there, and whoever runs the script hears who can read it', async (t) => {
    for (const [mode, isTold] of [
      [0o644, true],
      [0o640, false],
      [0o600, false],
    ] as const) {
      const machine = await createMachine(t)
      machine.write('/etc/docker/daemon.json', '{"debug": true}\n', mode)
      const setup = setupOf('docker', { registries: ['docker.io'], key: KEY })
      const shot = roundTrip(machine, setup)
      assert.deepEqual(modesIn(shot).secret, [mode.toString(8)])
      const { said } = machine.run(setup.apply)
      assert.equal(/every user of this machine can read the pull key/.test(said), isTold, said)
    }
  })

  test('are narrowed where they are ours and had none before', async (t) => {
    const machine = await createMachine(t)
    const plain = setupOf('containerd')
    assert.equal(machine.run(plain.apply).code, 0)
    assert.deepEqual(modesIn(machine.snapshot()), { secret: [], open: ['644'] })
    const keyed = setupOf('containerd', { key: KEY })
    const { code, said } = machine.run(keyed.apply)
    assert.equal(code, 0, said)
    assert.deepEqual(modesIn(machine.snapshot()), { secret: ['600'], open: ['644'] })
    assert.equal(machine.run(keyed.undo).code, 0)
    assert.deepEqual(machine.snapshot(), {})
  })

  test('are open as ever where there is no key', async (t) => {
    for (const kind of SCRIPTED) {
      const machine = await createMachine(t, { tools: 'neither' })
      assert.deepEqual(modesIn(roundTrip(machine, setupOf(kind))), { secret: [], open: ['644'] }, kind)
    }
  })
})

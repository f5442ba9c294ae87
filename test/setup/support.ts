import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { parseBase } from '../../src/setup/address.ts'
import { type PlanAsk, planOf } from '../../src/setup/plan.ts'
import { renderSetup } from '../../src/setup/render.ts'
import type { Setup, SetupKind } from '../../src/setup/setup.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'

type Ask = Partial<Omit<PlanAsk, 'address' | 'kind'>> & { readonly base?: string }

/** What somebody gets for a client; by default two registries behind a cache with TLS. */
export function setupOf(kind: SetupKind, { base = 'https://cache.example.com', ...ask }: Ask = {}): Setup {
  return renderSetup(planOf({ kind, registries: ['docker.io', 'ghcr.io'], address: parseBase(base), ...ask }))
}

/** busybox brings programs of its own too: what small boxes and Alpine have. */
export type Shell = 'dash' | 'bash' | 'busybox'
export type Tools = 'jq' | 'python3' | 'neither'

export interface Ran {
  readonly code: number | null
  readonly said: string
}

/** A machine for scripts to change: files below a folder, and only these programs. */
export interface Machine {
  readonly root: string
  write(path: string, content: string, mode?: number): void
  read(path: string): string
  exists(path: string): boolean
  run(script: string | undefined): Ran
  /** All there is: names, modes, content; what links lead to. */
  snapshot(): Readonly<Record<string, string>>
}

/** What the scripts may use besides a shell. */
const PROGRAMS = ['awk', 'cat', 'chmod', 'cmp', 'cp', 'dirname', 'grep', 'id', 'ls', 'mkdir', 'mktemp']
const MORE = ['mv', 'readlink', 'rm', 'rmdir']

export async function createMachine(
  t: Cleanup,
  { shell = 'dash', tools = 'jq' }: { shell?: Shell; tools?: Tools } = {},
): Promise<Machine> {
  const folder = await tempDir(t)
  const [root, bin] = [join(folder, 'root'), join(folder, 'bin')]
  mkdirSync(root)
  mkdirSync(bin)
  const helper = tools === 'neither' ? [] : [tools]
  for (const name of [...PROGRAMS, ...MORE]) {
    symlinkSync(where(shell === 'busybox' ? shell : name), join(bin, name))
  }
  for (const name of helper) symlinkSync(where(name), join(bin, name))
  symlinkSync(where(shell), join(bin, 'sh'))
  const run = (script: string | undefined): Ran => {
    assert.ok(script !== undefined, 'there is no script')
    const env = { PATH: bin, CACHALOT_ROOT: root, TMPDIR: folder, LANG: 'C.UTF-8' }
    const { status, stdout, stderr } = spawnSync(join(bin, 'sh'), ['-c', script], { env, encoding: 'utf8' })
    return { code: status, said: stdout + stderr }
  }
  return {
    root,
    run,
    write: (path, content, mode = 0o644) => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), content)
      chmodSync(join(root, path), mode)
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    exists: (path) => existsSync(join(root, path)),
    snapshot: () => snapshot(root),
  }
}

function snapshot(root: string): Readonly<Record<string, string>> {
  // Dot files too.
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).toSorted()
  return Object.fromEntries(
    names.map((name) => {
      const path = join(root, name)
      const facts = lstatSync(path)
      const mode = (facts.mode & 0o7777).toString(8)
      if (facts.isSymbolicLink()) return [name, `-> ${readlinkSync(path)}`]
      return [name, facts.isDirectory() ? `${mode} folder` : `${mode} ${readFileSync(path, 'utf8')}`]
    }),
  )
}

/** Some of these are small scripts that look for the real one, so the real one it is. */
function where(name: string): string {
  const places = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((place) => join(place, name))
  const found = places.find((path) => existsSync(path))
  assert.ok(found !== undefined, `this test needs ${name}`)
  return found
}

/** Applies, applies again and undoes; gives what the files were in between. */
export function roundTrip(machine: Machine, { apply, undo }: Setup): Readonly<Record<string, string>> {
  const before = machine.snapshot()
  const first = machine.run(apply)
  assert.equal(first.code, 0, first.said)
  const applied = machine.snapshot()
  const again = machine.run(apply)
  assert.equal(again.code, 0, again.said)
  assert.deepEqual(machine.snapshot(), applied, 'the second run changed something')
  assert.doesNotMatch(again.said, /^written/m)
  const undone = machine.run(undo)
  assert.equal(undone.code, 0, undone.said)
  assert.deepEqual(machine.snapshot(), before, 'the undo left something behind')
  return applied
}

/** Files of a snapshot without their modes, and without the copies of the scripts. */
export function filesOf(shot: Readonly<Record<string, string>>): Record<string, string> {
  const files = Object.entries(shot).filter(
    ([name, text]) => !name.endsWith('cachalot') && !text.endsWith(' folder'),
  )
  return Object.fromEntries(files.map(([name, text]) => [`/${name}`, text.replace(/^\d+ /, '')]))
}

/** What YAML means, as Python's parser has it. */
export function readYaml(text: string): unknown {
  const program = 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.read())))'
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: text, encoding: 'utf8' })
  assert.equal(status, 0, `${stderr}${text}`)
  return JSON.parse(stdout)
}

import assert from 'node:assert/strict'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseBase } from '../../src/setup/address.ts'
import { type PlanAsk, planOf } from '../../src/setup/plan.ts'
import { renderSetup } from '../../src/setup/render.ts'
import type { Setup } from '../../src/setup/setup.ts'
import type { Lab } from './lab.ts'
import { run } from './process.ts'

export type ScriptAsk = Pick<PlanAsk, 'kind' | 'key' | 'ca' | 'strict'> & { readonly base: string }

/** A folder that stands for the root of a machine, as the script left it. */
export interface Prepared {
  readonly root: string
  readonly setup: Setup
  undo(): Promise<void>
}

let machines = 0

/** Runs the script of a client on a machine with these files. */
export async function prepare(
  lab: Lab,
  { base, ...ask }: ScriptAsk,
  files: Readonly<Record<string, string>> = {},
): Promise<Prepared> {
  // podman wants its paths short.
  const root = join(lab.dir, `root${++machines}`)
  await mkdir(root)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  const setup = renderSetup(
    planOf({ ...ask, address: parseBase(base), registries: ['docker.io', 'ghcr.io'] }),
  )
  const env = { ...lab.env, CACHALOT_ROOT: root }
  const sh = async (script: string | undefined): Promise<void> => {
    assert.ok(script !== undefined)
    await run('sh', ['-c', script], { env })
  }
  await sh(setup.apply)
  return { root, setup, undo: () => sh(setup.undo) }
}

/** podman and skopeo with these files as those of their user, and state of their own. */
export async function podmanOn(lab: Lab, { root }: Prepared) {
  const home = join(root, 'home')
  await cp(join(root, 'etc/containers'), join(home, '.config/containers'), { recursive: true })
  // Where the user has this file, that of the system is not read.
  await writeFile(join(home, '.config/containers/registries.conf'), '', { flag: 'a' })
  const env = { ...lab.env, HOME: home }
  const state = ['--root', join(root, 'store'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')]
  const podman = async (...args: string[]): Promise<string> =>
    (await run('podman', [...state, '--storage-driver', 'vfs', ...args], { env })).toString().trim()
  return {
    env,
    pull: async (reference: string): Promise<string> => {
      await podman('pull', '--quiet', reference)
      return await podman('image', 'inspect', '--format', '{{.Digest}}', reference)
    },
  }
}

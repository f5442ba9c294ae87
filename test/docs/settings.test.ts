import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse as parseToml } from 'smol-toml'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { run } from '../cli/support.ts'
import { tempDir } from '../support/temp.ts'
import { KINDS, type Kind } from './blocks.ts'
import { type Block, firstLine, ROOT } from './page.ts'
import { GUIDES } from './pages.ts'

const ADDRESS = 'cache.lan:5000'

interface Placed {
  readonly where: string
  readonly block: Block
  readonly kinds: readonly Kind[]
}

const PLACED: readonly Placed[] = GUIDES.flatMap(({ path, blocks }) =>
  blocks.map((block) => ({
    where: `${path}:${block.line}`,
    block,
    kinds: KINDS.filter(({ language, first }) => block.language === language && first.test(firstLine(block))),
  })),
)

function placed(how: Kind['how']): readonly Placed[] {
  const found = PLACED.filter(({ kinds }) => kinds[0]?.how === how)
  assert.ok(found.length > 0, `no block is of the kind ${JSON.stringify(how)}`)
  return found
}

test('every block of a page is of one kind, and every kind has a block', () => {
  const strange = PLACED.filter(({ kinds }) => kinds.length !== 1).map(({ where }) => where)
  assert.deepEqual(strange, [])
  for (const kind of KINDS) {
    assert.ok(
      PLACED.some(({ kinds }) => kinds[0] === kind),
      String(kind.first),
    )
    if (typeof kind.how === 'object') assert.ok(existsSync(join(ROOT, kind.how.elsewhere)))
  }
})

suite('a configuration on a page', () => {
  for (const { where, block } of placed('configuration'))
    test(`${where} passes config check`, async (t) => {
      const folder = await tempDir(t)
      const file = join(folder, 'config.toml')
      await writeFile(file, block.text)
      await chmod(file, 0o600)
      // What the page says to put beside it, or to install.
      await writeFile(join(folder, 'hub-password'), 'secret\n', { mode: 0o600 })
      await writeFile(join(folder, 'lego'), '#!/bin/sh\necho lego version 4.25.1\n', { mode: 0o755 })
      const env = { PATH: `${folder}:${process.env['PATH'] ?? ''}` }
      const { code, out, err } = await run(t, ['config', 'check', '--config', file], env)
      assert.equal(code, 0, out + err)
      assert.doesNotMatch(out + err, /warn/i)
    })
})

const hosts = z.object({
  server: z.literal('https://ghcr.io'),
  host: z.record(z.string(), z.object({ capabilities: z.tuple([z.literal('pull'), z.literal('resolve')]) })),
})
const registries = z.object({
  registry: z.tuple([
    z.object({
      prefix: z.literal('docker.io'),
      location: z.literal('docker.io'),
      mirror: z.tuple([z.object({ location: z.literal(`${ADDRESS}/docker.io`), insecure: z.literal(true) })]),
    }),
  ]),
})
const buildkit = z.object({
  registry: z.object({
    'docker.io': z.object({ mirrors: z.tuple([z.literal(ADDRESS)]) }),
    [ADDRESS]: z.object({ http: z.literal(true) }),
  }),
})
const daemon = z.strictObject({ 'registry-mirrors': z.tuple([z.literal(`http://${ADDRESS}`)]) })
const endpoint = z.object({ endpoint: z.tuple([z.literal(`http://${ADDRESS}`)]) })
const mirrors = z.strictObject({ mirrors: z.record(z.string(), endpoint) })

/** The words are those that test/clients tries with the clients themselves. */
suite('a file of a client on a page', () => {
  for (const { where, block } of placed('containerd'))
    test(`${where} is one of containerd`, () => {
      assert.deepEqual(Object.keys(hosts.parse(parseToml(block.text)).host), [`http://${ADDRESS}`])
    })
  for (const { where, block } of placed('registries.conf'))
    test(`${where} is one of podman`, () => void registries.parse(parseToml(block.text)))
  for (const { where, block } of placed('buildkit'))
    test(`${where} is one of BuildKit`, () => void buildkit.parse(parseToml(block.text)))
  for (const { where, block } of placed('registries.yaml'))
    test(`${where} is one of k3s`, () => void mirrors.parse(parseYaml(block.text)))
  for (const { where, block } of placed('daemon.json'))
    test(`${where} is one of Docker`, () => void daemon.parse(JSON.parse(block.text)))
})

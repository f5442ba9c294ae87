import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { releaseMounts } from '../clients/mounts.ts'
import { findPort, missing } from '../clients/process.ts'
import type { Cleanup } from '../support/temp.ts'
import { KINDS } from './blocks.ts'
import { type Clone, makeClone, openClone } from './clone.ts'
import { codesOf } from './codes.ts'
import { type Places, placed, ROWS, type Row, type Way } from './commands.ts'
import { startDockerIn, startNginx } from './daemons.ts'
import { type Block, commandsOf, firstLine } from './page.ts'
import { GUIDES } from './pages.ts'
import { pointAt, startSupplies } from './supplies.ts'

/** Both languages show the same commands (pages.test.ts), so English stands for both. */
const WALKED = GUIDES.filter(({ path }) => !path.includes('zh-CN'))

interface Step {
  readonly where: string
  readonly command: string
  readonly row: Row | undefined
  /** What a session on the page shows below its command. */
  readonly shown: string
}

const SHOWN: readonly Step[] = WALKED.flatMap(({ path, blocks }) =>
  blocks
    .filter((block) => KINDS.find((kind) => isOf(kind, block))?.how === 'commands')
    .flatMap((block) =>
      commandsOf(block).map((command) => ({
        where: `${path}:${block.line} ${command}`,
        command,
        row: rowOf(command),
        shown: block.language === '' ? shownBelow(block, command) : '',
      })),
    ),
)
/** Commands that only stand in a sentence come after those of the blocks. */
const SAID: readonly Step[] = WALKED.flatMap(codesOf)
  .filter(({ code }) => code.startsWith('npx cachalot '))
  .filter(({ code }, i, all) => all.findIndex((one) => one.code === code) === i)
  .filter(({ code }) => SHOWN.every(({ command }) => command !== code))
  .map(({ code, where }) => ({ where, command: code, row: rowOf(code), shown: '' }))
const STEPS: readonly Step[] = [...SHOWN, ...SAID]

function rowOf(command: string): Row | undefined {
  return ROWS.find((row) => row.command.test(command))
}

function isOf({ language, first }: (typeof KINDS)[number], block: Block): boolean {
  return block.language === language && first.test(firstLine(block))
}

function shownBelow({ text }: Block, command: string): string {
  const [, after = ''] = text.split(`$ ${command}\n`)
  return after.split('\n$ ')[0] ?? ''
}

test('every command of the pages has a row, and every row a command', () => {
  assert.deepEqual(
    STEPS.filter(({ row }) => row === undefined).map(({ where }) => where),
    [],
  )
  const idle = ROWS.filter((row) => STEPS.every((step) => step.row !== row))
  assert.deepEqual(
    idle.map(({ command }) => String(command)),
    [],
  )
})

/** A fresh copy of the tree in which `npm start` runs, and everything the pages name. */
interface Walk {
  readonly clone: Clone
  readonly places: Places
  readonly said: () => string
  /** Why there is no Docker; its commands are left out then. */
  readonly noDocker: string | undefined
}

async function setOut(test: TestContext): Promise<Walk> {
  // What was started last ends first, and the folder goes when nobody is in it any more.
  const stack = new AsyncDisposableStack()
  test.after(() => stack.disposeAsync())
  const t: Cleanup = { after: (end) => stack.defer(async () => end()) }

  const folder = await mkdtemp(join(tmpdir(), 'cachalot-walk-'))
  t.after(async () => {
    await releaseMounts(folder)
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const home = join(folder, 'cachalot')
  makeClone(home)
  const supplies = await startSupplies(t)
  const host = `127.0.0.1:${await findPort()}`
  pointAt(home, supplies, host)
  const places = { host, backup: join(folder, 'backup'), restored: join(folder, 'restored') }
  await mkdir(places.restored)
  const noDocker = await startDockerIn(t, join(folder, 'docker'))
  const clone = openClone(t, home, {
    DOCKER_HOST: `unix://${folder}/docker/docker.sock`,
    DOCKER_CONFIG: join(folder, 'docker-logins'),
  })
  const { text } = await clone.start('npm start', /\n {2}try /)
  return { clone, places, said: text, noDocker }
}

async function take(walk: Walk, step: Step, way: Way & { kind: 'run' }): Promise<void> {
  const { clone, places } = walk
  const succeed = async (line: string): Promise<void> => {
    const { code, out } = await clone.run(placed(line, places))
    assert.equal(code, 0, `${line}\n${out}`)
  }
  for (const line of way.before ?? []) await succeed(line)
  const line = placed(step.command, places)
  const { code, out } = step.shown === '' ? await clone.run(line, way.typed) : await clone.onTerminal(line)
  assert.equal(code, way.code ?? 0, `${line}\n${out}`)
  if (way.after !== undefined) await succeed(way.after)
  const [title] = titles(step.shown)
  if (title !== undefined)
    assert.ok(titles(out).includes(title), `the page shows\n${title}\nbut it says\n${out}`)
}

/** Lines of a table's heads, however wide the columns are. */
function titles(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) =>
      withoutProgress(line)
        .trim()
        .replaceAll(/\s{2,}/g, '  '),
    )
    .filter((line) => /^(?:name|when|client) {2}/.test(line))
}

/** npm draws a wheel while it looks for the command, and erases it. */
function withoutProgress(line: string): string {
  return line.split('\u001B[0K').at(-1) ?? ''
}

suite('a newcomer walks through the pages on a fresh copy', { timeout: 400_000 }, () => {
  test('every command does what the page says', async (t) => {
    const walk = await setOut(t)
    const { clone, places } = walk

    await t.test('npm start built the console and says where it is', async () => {
      const { code, out } = await clone.run(`curl http://${places.host}/ui/ | grep "<title>"`)
      assert.equal(code, 0, out)
    })
    await t.test('the set-up link stands there as the page shows it', () => {
      const shown = WALKED.flatMap(({ blocks }) => blocks).find(({ text }) => text.startsWith('  set-up '))
      const words = (text: string) =>
        text.replaceAll(/http:\S+\/ui/g, 'ADDRESS/ui').replaceAll(/token=\S+/g, 'token=TOKEN')
      assert.ok(words(walk.said()).includes(words(shown?.text ?? 'no such block')), walk.said())
    })
    for (const step of STEPS) {
      const way = step.row?.way
      if (way?.kind === 'not here') t.diagnostic(`not run: ${step.where} (${way.why})`)
      if (way?.kind !== 'run') continue
      const skip = way.needs === 'docker' && walk.noDocker !== undefined ? walk.noDocker : false
      await t.test(step.where, { skip }, () => take(walk, step, way))
    }
    await t.test('nginx in front of it, as the page shows', { skip: missing('nginx') }, (child) =>
      throughNginx(child, walk),
    )
  })
})

async function throughNginx(t: TestContext, { clone, places }: Walk): Promise<void> {
  const blocks = WALKED.flatMap((page) => page.blocks).filter(({ language }) => language === 'nginx')
  assert.equal(blocks.length, 1)
  const base = await startNginx(t, placed(blocks[0]?.text ?? '', places))
  const asked = [
    'v2/library/nginx/manifests/latest',
    'https://github.com/owner/repo/releases/download/v1/tool.tgz',
  ]
  for (const path of asked) {
    const { code, out } = await clone.run(`curl -D - -o /dev/null ${base}/${path} | grep -i ^x-cache`)
    assert.equal(code, 0, `${path}\n${out}`)
  }
}

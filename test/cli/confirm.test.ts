import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { confirm } from '../../src/cli/confirm.ts'
import { createContext } from '../../src/cli/context.ts'
import { EXIT } from '../../src/cli/exit.ts'
import { createFlags, type FlagName } from '../../src/cli/flags.ts'
import { PIPE, terminal } from './screens.ts'

interface Scene {
  readonly answer?: string
  readonly flags?: readonly FlagName[]
  readonly isPerson?: boolean
  readonly signal?: AbortSignal
}

/** A command with somebody at the keyboard, or nobody. */
function scene({ answer, flags = [], isPerson = true, signal = new AbortController().signal }: Scene) {
  const stdin = Object.assign(new PassThrough(), { isTTY: isPerson })
  if (answer !== undefined) stdin.end(answer)
  const asked: string[] = []
  const screen = isPerson ? terminal() : PIPE
  const context = createContext({
    words: [],
    flags: createFlags(new Map(flags.map((flag) => [flag, [true as const]]))),
    terminal: { out: screen, err: screen },
    world: {
      stdout: { write: () => true },
      stderr: { write: (text) => asked.push(text) },
      stdin,
      env: {},
      clock: () => 0,
    },
    signal,
  })
  return { context, asked }
}

const MANY = { objects: 21, question: 'remove 21 images?' }

void test('up to twenty objects go without a question, and any number with --yes', async () => {
  const { context, asked } = scene({})
  await confirm(context, { objects: 20, question: '?' })
  await confirm(scene({ flags: ['yes'] }).context, { objects: 1e6, question: '?' })
  assert.deepEqual(asked, [])
})

void test('a person is asked, and only a yes is one', async () => {
  for (const answer of ['y\n', 'YES\n', ' yes \n']) {
    const { context, asked } = scene({ answer })
    await confirm(context, MANY)
    assert.deepEqual(asked, ['remove 21 images? [y/N] '])
  }
  for (const answer of ['n\n', '\n', 'yesterday\n', ''])
    await assert.rejects(confirm(scene({ answer }).context, MANY), {
      exitCode: EXIT.failed,
      message: /nothing was changed/,
    })
})

void test('where nobody can be asked it is an error that names --yes', async () => {
  await assert.rejects(confirm(scene({ isPerson: false, answer: 'y\n' }).context, MANY), {
    exitCode: EXIT.usage,
    message: /21 objects.*--yes/,
  })
})

void test('Ctrl-C at the question ends with 130', async () => {
  const stop = new AbortController()
  const { context } = scene({ signal: stop.signal })
  const asked = confirm(context, MANY)
  stop.abort()
  await assert.rejects(asked, { exitCode: EXIT.interrupted })
})

import { on } from 'node:events'
import { StringDecoder } from 'node:string_decoder'
import { interrupted } from './confirm.ts'
import type { Context, Input } from './context.ts'
import { CommandError, usageError } from './exit.ts'

/** A terminal that can be told not to show what is typed. */
type Keyboard = Input & { setRawMode(isRaw: boolean): unknown }

/** bcrypt reads no further: what follows would be no part of the password. */
const LONGEST = 72
/** A pipe that does not end must not be read for ever. */
const MOST_PIPED = 64 * 1024

/**
 * A new password: typed twice, unseen, or the first line of what is piped in. Never an argument, which every user of
 * the machine could read. Throws CommandError: 2 for one that cannot be used, 1 when the two differ, 130 for Ctrl-C.
 */
export async function newPassword(context: Context, name: string): Promise<string> {
  const { stdin } = context.world
  const password = isKeyboard(stdin) ? await typedTwice(stdin, context, name) : await piped(stdin)
  const problem = problemOf(password)
  if (problem !== undefined) throw usageError(problem)
  return password
}

function problemOf(password: string): string | undefined {
  if (password === '') return 'the password is empty'
  if (Buffer.byteLength(password) > LONGEST) return `the password is longer than ${LONGEST} bytes`
  return /\p{Cc}/u.test(password) ? 'the password holds a control character' : undefined
}

function isKeyboard(stdin: Input): stdin is Keyboard {
  return stdin.isTTY === true && 'setRawMode' in stdin
}

async function piped(stdin: Input): Promise<string> {
  const decoder = new StringDecoder('utf8')
  let text = ''
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.write(chunk)
    if (text.includes('\n') || text.length > MOST_PIPED) break
  }
  return (text.split('\n')[0] ?? '').replace(/\r$/, '')
}

async function typedTwice(keyboard: Keyboard, context: Context, name: string): Promise<string> {
  const { stderr } = context.world
  const keys = readKeys(keyboard, context.signal)
  keyboard.setRawMode(true)
  try {
    stderr.write(`password for ${name}: `)
    const first = await typedLine(keys)
    stderr.write('\nonce more: ')
    const second = await typedLine(keys)
    stderr.write('\n')
    if (first === second) return first
    throw new CommandError('the two passwords differ, nothing was changed')
  } finally {
    keyboard.setRawMode(false)
    keyboard.pause()
    await keys.return()
  }
}

/** Character by character; what was pasted beyond the first line is there for the second one. */
async function* readKeys(keyboard: Keyboard, signal: AbortSignal): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8')
  for await (const [chunk] of on(keyboard, 'data', { signal, close: ['end', 'close'] })) {
    // A stream without an encoding gives buffers.
    yield* decoder.write(chunk as Buffer)
  }
}

/** One line as it was typed and corrected. The terminal is raw: Ctrl-C and the rest are ours to understand. */
async function typedLine(keys: AsyncGenerator<string, void, void>): Promise<string> {
  let typed: string[] = []
  for (;;) {
    const { value: key, done } = await keys.next()
    if (done === true || key === '\u0003') throw interrupted()
    if (key === '\r' || key === '\n' || key === '\u0004') return typed.join('')
    if (key === '\u007f' || key === '\b') typed = typed.slice(0, -1)
    else if (key === '\u0015') typed = []
    else typed.push(key)
  }
}

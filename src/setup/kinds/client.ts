import type { Plan } from '../plan.ts'
import { applyScript } from '../script/apply.ts'
import type { ScriptParts } from '../script/frame.ts'
import { undoScript } from '../script/undo.ts'
import type { Setup, SetupNote } from '../setup.ts'
import type { NoteWords, Words } from '../words/words.ts'

/** What one kind of client has to say. */
export type Told = Omit<Setup, 'kind'>

export type Client = (plan: Plan, words: Words) => Told

interface Work {
  /** As people call the client. */
  readonly client: string
  /** Besides `mirror`, `prefix`, `host`, `plain`, `insecure`, `strict` and `registries`. */
  readonly values?: Readonly<Record<string, string>>
  readonly functions: readonly string[]
  readonly steps: readonly string[]
  /** Files that may be changed, with patterns. */
  readonly places: readonly string[]
  /** Who has to read what is written: a daemon that runs as root, or every user of the machine. */
  readonly readers: 'root' | 'everybody'
}

/** Both scripts of a client. */
export function scripts(plan: Plan, words: Words, work: Work): { apply: string; undo: string } {
  const { client, functions, steps, places } = work
  const { mirror, prefix, address, registries } = plan
  const values = {
    mirror,
    prefix,
    host: address.host,
    plain: address.isPlain ? address.host : '',
    strict: plan.isStrict ? 'yes' : '',
    insecure: address.isPlain ? 'yes' : '',
    registries: registries.join(' '),
    secret: work.readers === 'root' ? (plan.key ?? '') : '',
    ...work.values,
  }
  const parts: ScriptParts = {
    about: words.applies(client, `${address.isPlain ? 'http' : 'https'}://${address.host}`),
    words: words.script,
    values,
    functions,
    steps,
  }
  return {
    apply: applyScript(parts),
    undo: undoScript({ about: words.undoes(client), words: words.script, functions: work.functions, places }),
  }
}

export const info = (text: string): SetupNote => ({ level: 'info', text })
export const warn = (text: string): SetupNote => ({ level: 'warn', text })

/** What has to be said whatever the client is. */
export function generalNotes({ key, ca, address }: Plan, notes: NoteWords): readonly SetupNote[] {
  return [
    ...(address.isPlain ? [info(notes.plainHttp)] : []),
    ...(address.isPlain && key !== undefined ? [warn(notes.keyOverHttp)] : []),
    ...(ca === undefined ? [] : [info(notes.authorityFile(ca))]),
  ]
}

import { openNote, parseVerifier, type Verifier } from './note.ts'
import type { GoDatabase } from './settings.ts'
import { parseTree, type TreeHead } from './tree.ts'

/** What a checksum database answers about one version (golang.org/x/mod/sumdb, "lookup"). */
export interface Lookup {
  /** Which record of the log it is. */
  readonly id: number
  /** The record: lines of go.sum. */
  readonly text: string
  /** A signed note with the head of the log. */
  readonly note: string
}

/** Undefined for what is no such answer. */
export function parseLookupAnswer(bytes: Buffer): Lookup | undefined {
  const text = bytes.toString('utf8')
  const match = /^(\d{1,15})\n((?:[^\n]+\n)+)\n([^]+)$/.exec(text)
  if (match === null) return undefined
  const [, id = '', record = '', note = ''] = match
  return { id: Number(id), text: record, note }
}

/** The h1 of a version's zip or go.mod that a record states. */
export function statedIn(
  { text }: Lookup,
  file: { module: string; version: string; suffix: 'mod' | 'zip' },
): string[] {
  const subject = `${file.module} ${file.version}${file.suffix === 'mod' ? '/go.mod' : ''} `
  return text.split('\n').flatMap((line) => (line.startsWith(subject) ? [line.slice(subject.length)] : []))
}

/** The head of the log that a note states, once it is signed by the database's key; a database without one is believed. */
export function headIn(note: string, verifier: Verifier | undefined): TreeHead | undefined {
  const text = verifier === undefined ? note : openNote(note, verifier)
  return text === undefined ? undefined : parseTree(text)
}

/** Who signs for a database; undefined where nobody is known to. */
export function verifierOf({ key }: Pick<GoDatabase, 'key'>): Verifier | 'malformed' | undefined {
  return key === undefined ? undefined : (parseVerifier(key) ?? 'malformed')
}

import { readFileSync } from 'node:fs'
import { writeDurably } from './durable.ts'

/** What is remembered across restarts, so that a program that is started over and over does not ask over and over. */
export interface AcmeState {
  /** The directory of the authority whose certificate is in use. */
  readonly directory: string | undefined
  readonly failures: number
  /** Milliseconds since the epoch; when the last attempt failed. */
  readonly failedAt: number
  /** The settings it failed with. Others get a first attempt at once. */
  readonly failedWith: string
}

const NOTHING: AcmeState = { directory: undefined, failures: 0, failedAt: 0, failedWith: '' }

/** What was remembered; the beginning where nothing was, or it cannot be read. */
export function readState(file: string): AcmeState {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof read === 'object' && read !== null ? stateOf(read) : NOTHING
  } catch {
    return NOTHING
  }
}

export function writeState(file: string, state: AcmeState): void {
  writeDurably(file, `${JSON.stringify(state)}\n`)
}

function stateOf(read: object): AcmeState {
  const { directory, failures, failedAt, failedWith } = read as Record<string, unknown> // values are looked at below
  return {
    directory: typeof directory === 'string' ? directory : undefined,
    failures: typeof failures === 'number' ? failures : 0,
    failedAt: typeof failedAt === 'number' ? failedAt : 0,
    failedWith: typeof failedWith === 'string' ? failedWith : '',
  }
}

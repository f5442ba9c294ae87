import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What is written down of a mirror, beside what git knows. Times in milliseconds since the epoch. */
export interface MirrorState {
  readonly name: string
  readonly createdAt: number
  readonly usedAt: number
  /** How often it was; absent: nobody counted yet. */
  readonly uses?: number
  /** When its upstream last showed it to everybody. */
  readonly confirmedAt: number
  /** Since when its upstream shows it to nobody without a login, or not at all; absent: it is shown. */
  readonly refusedAt?: number | undefined
  /** On disk. */
  readonly bytes: number
}

const FILE = 'cachalot.json'

/** Undefined for a folder that is no mirror of ours. */
export async function readState(folder: string): Promise<MirrorState | undefined> {
  try {
    const state: unknown = JSON.parse(await readFile(join(folder, FILE), 'utf8'))
    return isState(state) ? state : undefined
  } catch {
    return undefined
  }
}

function isState(value: unknown): value is MirrorState {
  if (typeof value !== 'object' || value === null || !('name' in value)) return false
  const numbers = ['createdAt', 'usedAt', 'confirmedAt', 'bytes']
  // An object has keys of any name; what they hold is looked at here.
  const fields = value as Readonly<Record<string, unknown>>
  return typeof value.name === 'string' && numbers.every((key) => Number.isFinite(fields[key]))
}

/** Replaces it as a whole, so that whoever is killed meanwhile leaves the old one. */
export async function writeState(folder: string, state: MirrorState): Promise<void> {
  const path = join(folder, FILE)
  await writeFile(`${path}.new`, JSON.stringify(state), { mode: 0o640 })
  await rename(`${path}.new`, path)
}

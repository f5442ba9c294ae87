import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** What is known of a parked part from its name alone. */
export interface PartLabel {
  /** The name without its label. */
  readonly id: string
  /** The strong ETag of the content it is the beginning of. */
  readonly validator: string
  /** Bytes that were written down for good; undefined while it is written. */
  readonly synced: number | undefined
  /** Of the start of the machine that wrote it. */
  readonly boot: string
}

const NAMED = /^name-[0-9a-f]{64}$/
const LABELLED = /^(name-[0-9a-f]{64})-([0-9a-f]{8})-(\d+|x)-([\w-]+)$/
/** Of a file's name, in bytes. */
const LONGEST = 255

/** Whether parts of this id can only be continued with a validator. */
export function isNamed(id: string): boolean {
  return NAMED.test(id)
}

/**
 * The name of a part that is known by a name alone, with what it takes to continue it: no second file could be lost or
 * left behind. Undefined for a validator that is too long.
 */
export function labelled({ id, validator, synced, boot }: PartLabel): string | undefined {
  const text = Buffer.from(validator, 'latin1').toString('base64url')
  const name = `${id}-${boot}-${synced ?? 'x'}-${text}`
  return name.length > LONGEST ? undefined : name
}

/** What a name says; undefined for names without a label. */
export function labelOf(name: string): PartLabel | undefined {
  const [, id, boot, synced, text] = LABELLED.exec(name) ?? []
  if (id === undefined || boot === undefined || text === undefined) return undefined
  const validator = Buffer.from(text, 'base64url').toString('latin1')
  return { id, validator, synced: synced === 'x' ? undefined : Number(synced), boot }
}

/**
 * Whether the bytes of a part are those that were written: all of them while the machine runs on, whatever happened to
 * the process; after a power cut only what was written down for good.
 */
export function isTrusted(label: PartLabel, size: number): boolean {
  return label.boot === BOOT || label.synced === size
}

/** This start of the machine; where that cannot be told, of this process. */
export const BOOT: string = hash('sha256', bootId()).slice(0, 8)

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
  } catch {
    return randomBytes(16).toString('hex')
  }
}

import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { keyHash } from '../../src/frontends/go/note.ts'

/** A checksum database with a key of its own. Written down on its own, so that it proves ours right or wrong. */
export interface FakeSumdb {
  readonly name: string
  /** "name+hash+key", as GOSUMDB takes it. */
  readonly key: string
  /** Adds a record: lines of go.sum. */
  add(module: string, version: string, lines: string): void
  /** What is at this path; undefined for 404. */
  answer(path: string): Buffer | undefined
}

const HASH = 32
const FULL = 256

/** Hash of a leaf and of a pair (RFC 6962 §2.1). */
const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** The hash over a whole list of leaves, by the definition (RFC 6962 §2.1). */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves
  if (only !== undefined && leaves.length === 1) return only
  let half = 1
  while (half * 2 < leaves.length) half *= 2
  return sha(Buffer.of(1), treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half)))
}

/** `padding` records stand before those that are added, so that proofs need tiles of several levels. */
export function createFakeSumdb(name: string, padding = 300): FakeSumdb {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
  const encoded = Buffer.concat([Buffer.of(1), raw])
  const id = keyHash(name, encoded)
  const records = Array.from({ length: padding }, (_, i) => `padding.example.com/m${i} v1.0.0 h1:${i}=\n`)
  const ids = new Map<string, number>()
  const leaves = (): Buffer[] => records.map((text) => sha(Buffer.of(0), Buffer.from(text)))

  const head = (): string => {
    const text = `go.sum database tree\n${records.length}\n${treeHash(leaves()).toString('base64')}\n`
    return `${text}\n\u2014 ${name} ${signature(text, { id, privateKey })}\n`
  }
  const lookup = (subject: string): Buffer | undefined => {
    const found = ids.get(subject)
    return found === undefined ? undefined : Buffer.from(`${found}\n${records[found]}\n${head()}`)
  }
  return {
    name,
    key: `${name}+${id.toString('hex')}+${encoded.toString('base64')}`,
    add: (module, version, lines) => {
      ids.set(`${module}@${version}`, records.length)
      records.push(lines)
    },
    answer: (path) => {
      if (path === '/latest') return Buffer.from(head())
      if (path.startsWith('/lookup/'))
        return lookup(unescaped(decodeURIComponent(path.slice('/lookup/'.length))))
      const tile = /^\/tile\/8\/(data|\d+)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/.exec(path)
      return tile === null ? undefined : tileAt(tile, records, leaves())
    },
  }
}

function unescaped(text: string): string {
  return text.replaceAll(/!([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function signature(text: string, { id, privateKey }: { id: Buffer; privateKey: KeyObject }): string {
  return Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString('base64')
}

function tileAt(
  match: RegExpExecArray,
  records: readonly string[],
  leaves: readonly Buffer[],
): Buffer | undefined {
  const [, level = '', digits = '', part] = match
  const number = Number(digits.replaceAll(/[x/]/g, ''))
  const width = part === undefined ? FULL : Number(part)
  const first = number * FULL
  if (level === 'data') return Buffer.from(records.slice(first, first + width).join('\n'))
  const span = FULL ** Number(level)
  const hashes = Array.from({ length: width }, (_, i) =>
    leaves.slice((first + i) * span, (first + i + 1) * span),
  )
  if (hashes.some((under) => under.length !== span)) return undefined
  const bytes = Buffer.concat(hashes.map(treeHash))
  return bytes.length === width * HASH ? bytes : undefined
}

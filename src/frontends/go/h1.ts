import { createHash, hash } from 'node:crypto'

/** One file of a module, by its SHA-256 in hexadecimal digits. */
export interface HashedFile {
  readonly name: string
  readonly sha256: string
}

/** The hash of a module's files as it stands in go.sum (golang.org/x/mod/sumdb/dirhash, Hash1). */
export function h1Of(files: readonly HashedFile[]): string {
  const sum = createHash('sha256')
  const sorted = files
    .map(({ name, sha256 }) => ({ key: Buffer.from(name), sha256 }))
    .toSorted((a, b) => Buffer.compare(a.key, b.key))
  for (const { key, sha256 } of sorted) sum.update(`${sha256}  `).update(key).update('\n')
  return `h1:${sum.digest('base64')}`
}

/** The hash of a go.mod, the line with "/go.mod" in go.sum. */
export function h1OfMod(bytes: Buffer): string {
  return h1Of([{ name: 'go.mod', sha256: hash('sha256', bytes, 'hex') }])
}

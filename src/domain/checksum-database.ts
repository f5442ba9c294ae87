/** A checksum database of Go modules, as an operator names it. */
export interface ChecksumDatabase {
  /** As clients ask for it, "sum.golang.org". */
  readonly name: string
  /** Where its files are, without a trailing slash. */
  readonly url: string
  /** "name+hash+key" as in GOSUMDB; undefined where only the connection to it vouches for what it says. */
  readonly key: string | undefined
}

/** The key of the database that go asks unless it is told otherwise (go itself, cmd/go/internal/modfetch/key.go). */
export const SUM_GOLANG_ORG = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8'

/**
 * Reads "sum.golang.org", "name+hash+key" or either with an address behind a space, as GOSUMDB takes them. The key of
 * sum.golang.org is known, also where its mirror in China is meant. Undefined for what is none of these.
 */
export function parseDatabase(text: string): ChecksumDatabase | undefined {
  const [first = '', address, ...more] = text.trim().split(/\s+/)
  const [, name = '', key] = /^([a-z0-9][a-z0-9.:/-]*)(\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+)?$/i.exec(first) ?? []
  if (name === '' || more.length > 0) return undefined
  const url = addressOf(address ?? `https://${name}`)
  if (url === undefined) return undefined
  if (name === 'sum.golang.google.cn') return { name: 'sum.golang.org', url, key: SUM_GOLANG_ORG }
  const known = name === 'sum.golang.org' ? SUM_GOLANG_ORG : undefined
  return { name, url, key: key === undefined ? known : first }
}

function addressOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (url === null || !/^https?:\/\//i.test(text)) return undefined
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  return isPlain ? url.href.replace(/\/+$/, '') : undefined
}

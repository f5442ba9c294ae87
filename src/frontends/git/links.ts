import type { LargeFile } from '../../git/lfs.ts'
import type { Signer } from '../../git/signer.ts'
import type { Address } from './path.ts'

export type { Signer }

/** A link to a large file: that its server said it belongs to this repository. */
export interface Link extends LargeFile {
  readonly address: Address
  /** Seconds since the epoch. */
  readonly until: number
}

/** The path of a link that nobody but us can make. */
export async function writeLink(signer: Signer, link: Link): Promise<string> {
  const { oid, size, until, address } = link
  const query = new URLSearchParams({
    repository: address.host + address.path,
    size: String(size),
    until: String(until),
    signature: await signer.sign(textOf(link)),
  })
  return `/_lfs/${oid}?${query.toString()}`
}

/** What a link says; undefined for one that we did not make. */
export async function readLink(
  signer: Signer,
  { oid, query }: { readonly oid: string; readonly query: string },
): Promise<Link | undefined> {
  const fields = new URLSearchParams(query)
  const [, host = '', path = ''] = /^([^/]+)(\/.+)$/s.exec(fields.get('repository') ?? '') ?? []
  const link = {
    oid,
    size: numberIn(fields, 'size'),
    until: numberIn(fields, 'until'),
    address: { host, path },
  }
  return (await signer.verify(textOf(link), fields.get('signature') ?? '')) ? link : undefined
}

function numberIn(fields: URLSearchParams, name: string): number {
  const text = fields.get(name) ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : -1
}

function textOf({ oid, size, until, address }: Link): string {
  return ['lfs', oid, size, until, address.host, address.path].join('\n')
}

import type { Index } from '../db/index.ts'
import { isSha256 } from '../domain/digest.ts'
import type { Asker } from './asker.ts'
import type { Resolved } from './recheck.ts'
import type { Want } from './want.ts'

/** The blob row of content that is on disk but not yet known under this name. */
export function knownElsewhere(index: Index, want: Want): { size: number } | undefined {
  return want.digest !== undefined && isSha256(want.digest) ? index.blobs.find(want.digest) : undefined
}

/**
 * Content that is here under another name is ours to give only once this name's upstream said it has it. Undefined
 * where there is none; throws AppError when the upstream does not say so.
 */
export async function confirmElsewhere(
  { index, asker }: { readonly index: Index; readonly asker: Asker },
  want: Want,
): Promise<Resolved | undefined> {
  const here = knownElsewhere(index, want)
  if (here === undefined) return undefined
  return { entry: await asker.confirm(want, here.size), outcome: 'revalidated', warning: undefined }
}

/**
 * Where a pointing name leads, by the word of its upstream: that may be here, or be on its way already. Undefined for
 * other names, and where the upstream does not say it.
 */
export async function pointed(asker: Asker, want: Want): Promise<Resolved | undefined> {
  if (want.digestIn === undefined || want.byDigest === undefined) return undefined
  const { pointer } = await asker.ask(want)
  return pointer === undefined ? undefined : { entry: pointer, outcome: 'revalidated', warning: undefined }
}

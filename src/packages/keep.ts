import { type Brought, IMPORTED, type Landing } from '../cache/landing.ts'
import type { Quota } from '../cache/quota.ts'
import { referencesOf } from '../cache/references.ts'
import type { Want } from '../cache/want.ts'
import type { Index } from '../db/index.ts'
import { digestOf, type Sha256 } from '../domain/digest.ts'
import { keyText } from '../domain/names.ts'
import type { OciSettings } from '../frontends/oci/front-end.ts'
import { blobWant, manifestWant } from '../frontends/oci/wants.ts'
import type { Part } from '../store/part.ts'
import type { FoundBlob, FoundDoc, FoundImage } from './contents.ts'
import type { GivenName } from './import-names.ts'
import type { Intake } from './intake.ts'

export interface KeepDeps {
  readonly index: Index
  readonly landing: Landing
  readonly quota: Quota
  readonly settings: () => OciSettings
}

/** How much of an image was here before. */
export interface Kept {
  readonly before: number
}

/**
 * Makes images of an archive permanent under their names, each in one transaction, so that it is here as a whole or not
 * at all. It counts as confirmed by its upstream now. Content that an earlier one brought is not brought again.
 */
export function createKeep({ index, landing, quota, settings }: KeepDeps, intake: Intake) {
  const brought = new Set<Sha256>()
  const found = new Set<Sha256>()

  /** Undefined where it is in the store already. */
  const partOf = async ({ item }: FoundBlob): Promise<Part | undefined> => {
    if (brought.has(item.sha256) || item.kind === 'here') return undefined
    return item.kind === 'part' ? item.part : await intake.write(item.bytes)
  }
  const partOfDoc = async ({ bytes }: FoundDoc): Promise<Part | undefined> =>
    brought.has(digestOf(bytes)) ? undefined : await intake.write(bytes)

  const blobFor = async (blob: FoundBlob, names: readonly GivenName[]): Promise<Brought> => {
    const { limits } = settings()
    const wants = names.map(({ route }) => blobWant(route, blob.digest, limits))
    const answer = answerOf(blob.digest, 'application/octet-stream', blob.item.size)
    return { part: await partOf(blob), digest: blob.item.sha256, names: marked(wants), answer }
  }

  const docFor = async (doc: FoundDoc, isRoot: boolean, names: readonly GivenName[]): Promise<Brought> => {
    const { limits } = settings()
    const byDigest = { kind: 'digest', text: doc.digest } as const
    const wants = names.map(({ route, reference }) =>
      manifestWant(route, isRoot ? reference : byDigest, limits),
    )
    const answer = answerOf(doc.digest, doc.mediaType, doc.bytes.length)
    const edges = referencesOf(doc.bytes)
    return { part: await partOfDoc(doc), digest: digestOf(doc.bytes), names: marked(wants), answer, edges }
  }

  return async (image: FoundImage, names: readonly GivenName[]): Promise<Kept> => {
    const all: Brought[] = []
    for (const blob of image.blobs) all.push(await blobFor(blob, names))
    for (const doc of image.documents) all.push(await docFor(doc, doc === image.root, names))
    for (const { digest } of all)
      if (!brought.has(digest) && index.blobs.find(digest) !== undefined) found.add(digest)
    const before = all.filter(({ digest }) => found.has(digest)).length
    quota.settle(await landing.bring(all))
    for (const { part, digest } of all) {
      brought.add(digest)
      if (part !== undefined) intake.landed(part)
    }
    return { before }
  }
}

/** Each name once, and as something that came from an archive. */
function marked(wants: readonly Want[]): readonly Want[] {
  const unique = new Map(wants.map((want) => [keyText(want.key), want]))
  return [...unique.values()].map((want) => ({ ...want, keepHeaders: [...want.keepHeaders, IMPORTED] }))
}

/** What an upstream would have answered. */
function answerOf(digest: string, contentType: string, contentLength: number) {
  const headers = { 'docker-content-digest': digest, [IMPORTED]: '1' }
  return { status: 200, headers, contentLength, contentType, contentRange: undefined, etag: undefined }
}

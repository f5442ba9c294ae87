import { type Digest, parseDigest } from '../domain/digest.ts'
import { MIB } from '../domain/units.ts'
import { readConfigFacts } from '../frontends/oci/config-facts.ts'
import { type Child, type Descriptor, readManifest } from '../frontends/oci/image-manifest.ts'
import type { Files, FoundBlob, FoundDoc, FoundImage } from './contents.ts'
import { namesByConfig } from './docker-archive.ts'
import { jsonOf, listIn, looseOf, textIn } from './loose.ts'
import { IMAGE_NAME, INDEX_TYPE, MANIFEST_TYPE, NAME_LEADS_TO, REF_NAME } from './media.ts'
import { pathOf } from './plan.ts'
import { refused } from './refusal.ts'

const DEEPEST = 4
const LONGEST_CONFIG = 4 * MIB
const MOST_DOCUMENTS = 2000

/**
 * The images of an OCI image layout (OCI image spec, "image-layout"). Throws AppError `bad_request` where one is not
 * whole: of an index, at least one platform must be.
 */
export async function readLayout(files: Files): Promise<readonly FoundImage[]> {
  const index = looseOf(jsonOf((await files.bytes('index.json')) ?? Buffer.alloc(0)))
  const listed = listIn(index['manifests']).map(looseOf)
  if (listed.length === 0) throw refused('its index.json lists no image')
  const byConfig = await namesByConfig(files)
  const images: FoundImage[] = []
  for (const descriptor of listed) {
    const digest = parseDigest(textIn(descriptor['digest']) ?? '')
    if (digest === undefined) throw refused('its index.json holds something that is no digest')
    const platform = platformIn(looseOf(descriptor['platform']))
    const image = await imageAt(files, { digest, platform, mediaType: textIn(descriptor['mediaType']) })
    const notes = looseOf(descriptor['annotations'])
    const leads = parseDigest(textIn(notes[NAME_LEADS_TO]) ?? '')
    const whole = leads === undefined ? image : await below(files, image, leads)
    images.push({ ...whole, ...namesIn(notes, byConfig, image) })
  }
  return images
}

/** The annotations that name images; where they are silent, Docker's list of names. */
function namesIn(
  notes: Readonly<Record<string, unknown>>,
  byConfig: ReadonlyMap<string, readonly string[]>,
  { root }: Pick<FoundImage, 'root'>,
): Pick<FoundImage, 'names' | 'tag'> {
  const whole = textIn(notes[IMAGE_NAME])
  if (whole !== undefined) return { names: [whole], tag: undefined }
  const ref = textIn(notes[REF_NAME])
  if (ref !== undefined && /[/:]/.test(ref)) return { names: [ref], tag: undefined }
  const { config } = root.manifest
  const names = config === undefined ? [] : (byConfig.get(pathOf(config.digest)) ?? [])
  return { names, tag: ref }
}

/** A manifest that stands for one platform of an index, and the index, which the archive has as well. */
async function below(files: Files, image: FoundImage, digest: Digest): Promise<FoundImage> {
  const index = await documentAt(files, { digest, mediaType: undefined, platform: undefined })
  if (index === undefined) return image
  const isIn = index.manifest.children.some((child) => child.digest === image.root.digest)
  if (!isIn) throw refused(`${digest} is said to be the index of ${image.root.digest} and does not name it`)
  return { ...image, root: index, documents: [...image.documents, index] }
}

type At = Pick<Child, 'digest' | 'mediaType' | 'platform'>

async function imageAt(files: Files, at: At): Promise<FoundImage> {
  const documents: FoundDoc[] = []
  const blobs = new Map<string, FoundBlob>()
  /** Whether it is here, with all that it takes to run it. */
  const walk = async (one: At, depth: number): Promise<boolean> => {
    const doc = await documentAt(files, one)
    if (doc === undefined) return false
    if (depth > DEEPEST || documents.length > MOST_DOCUMENTS)
      throw refused('its indexes are nested without end')
    const { manifest } = doc
    if (!manifest.isIndex) for (const blob of blobsOf(files, doc)) blobs.set(blob.digest, blob)
    let isWhole = !manifest.isIndex
    for (const child of manifest.children) isWhole = (await walk(child, depth + 1)) || isWhole
    // What an index lists comes before it.
    documents.push({ ...doc, platform: doc.platform ?? (await configPlatform(files, doc)) })
    return isWhole
  }
  if (!(await walk(at, 0))) throw refused(`it lacks the manifest ${at.digest}, or all that this lists`)
  const root = documents.at(-1)
  if (root === undefined) throw refused(`it lacks the manifest ${at.digest}`)
  return { names: [], tag: undefined, root, documents, blobs: [...blobs.values()], manifest: 'archive' }
}

/** What the config of a manifest says of it. */
async function configPlatform(files: Files, { manifest }: FoundDoc): Promise<string | undefined> {
  const { config } = manifest
  if (config === undefined || config.size > LONGEST_CONFIG) return undefined
  const bytes = await files.bytes(pathOf(config.digest))
  return bytes === undefined ? undefined : readConfigFacts(bytes)?.platform
}

/** Undefined where the archive does not have it. */
async function documentAt(files: Files, { digest, mediaType, platform }: At): Promise<FoundDoc | undefined> {
  const bytes = await files.bytes(pathOf(digest))
  if (bytes === undefined) return undefined
  const manifest = readManifest(bytes)
  const own = textIn(looseOf(jsonOf(bytes))['mediaType'])
  const kind = own ?? mediaType ?? (manifest.isIndex ? INDEX_TYPE : MANIFEST_TYPE)
  if (!/^application\/[\w.+-]{1,100}$/.test(kind)) throw refused(`${digest} is of an odd type`)
  return { digest, bytes, mediaType: kind, platform, manifest }
}

/** Config and layers, all of which must be there. */
function blobsOf(files: Files, { digest, manifest }: FoundDoc): readonly FoundBlob[] {
  if (manifest.config === undefined) throw refused(`${digest} is no manifest of an image`)
  return manifest.blobs.map((descriptor) => blobAt(files, descriptor, digest))
}

function blobAt(files: Files, { digest, size }: Descriptor, parent: Digest): FoundBlob {
  const item = files.find(pathOf(digest))
  if (item === undefined) throw refused(`it lacks ${digest}, which ${parent} needs`)
  if (item.size !== size)
    throw refused(`${digest} has ${item.size} bytes, and the manifest ${parent} says ${size}`)
  return { digest, item }
}

function platformIn(said: Readonly<Record<string, unknown>>): string | undefined {
  const words = [said['os'], said['architecture'], said['variant']]
    .map(textIn)
    .filter((one) => one !== undefined)
  return words.length < 2 ? undefined : words.join('/')
}

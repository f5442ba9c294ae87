import { digestOf, parseDigest } from '../domain/digest.ts'
import { readConfigFacts } from '../frontends/oci/config-facts.ts'
import { readManifest } from '../frontends/oci/image-manifest.ts'
import type { Files, FoundBlob, FoundDoc, FoundImage } from './contents.ts'
import type { Item } from './intake.ts'
import { jsonOf, listIn, looseOf, textIn } from './loose.ts'
import { CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE } from './media.ts'
import { refused } from './refusal.ts'

/** One image of a manifest.json. */
interface Listed {
  readonly config: string
  readonly names: readonly string[]
  readonly layers: readonly string[]
}

/**
 * The images of an archive as `docker save` wrote it before Docker 25, and `podman save` does. It has no manifests, so
 * they are made here: equal images get equal ones. Throws AppError `bad_request` where an image is not whole.
 */
export async function readDockerArchive(files: Files): Promise<readonly FoundImage[]> {
  const listed = await listIt(files)
  if (listed.length === 0) throw refused('its manifest.json lists no image')
  const images: FoundImage[] = []
  for (const one of listed) images.push(await imageOf(files, one))
  return images
}

/** Names of images by the paths of their configs. */
export async function namesByConfig(files: Files): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = new Map<string, readonly string[]>()
  for (const { config, names: more } of await listIt(files))
    names.set(config, [...(names.get(config) ?? []), ...more])
  return names
}

async function listIt(files: Files): Promise<readonly Listed[]> {
  const bytes = await files.bytes('manifest.json')
  if (bytes === undefined) return []
  return listIn(jsonOf(bytes)).map((value) => {
    const one = looseOf(value)
    const texts = (list: unknown): readonly string[] =>
      listIn(list)
        .map(textIn)
        .filter((text) => text !== undefined)
    const config = textIn(one['Config'])
    if (config === undefined) throw refused('its manifest.json names no config')
    return { config, names: texts(one['RepoTags']), layers: texts(one['Layers']) }
  })
}

async function imageOf(files: Files, { config: path, names, layers }: Listed): Promise<FoundImage> {
  const config = files.find(path)
  const bytes = await files.bytes(path)
  if (config === undefined || bytes === undefined) throw refused(`it lacks ${path}, the config of an image`)
  requireName(path, config)
  const diffs = listIn(looseOf(looseOf(jsonOf(bytes))['rootfs'])['diff_ids']).map(
    (text) => textIn(text) ?? '',
  )
  if (diffs.length !== layers.length)
    throw refused(`${path} tells of ${diffs.length} layers, and manifest.json of ${layers.length}`)
  const items = layers.map((layer, at) => layerAt(files, layer, diffs[at] ?? ''))
  const root = makeManifest(config, bytes, items)
  const blobs = new Map<string, FoundBlob>()
  for (const item of [config, ...items]) blobs.set(item.sha256, { digest: item.sha256, item })
  return { names, tag: undefined, root, documents: [root], blobs: [...blobs.values()], manifest: 'made' }
}

/** Configs are named after their digest: "<hex>.json", "sha256:<hex>", "blobs/sha256/<hex>". */
function requireName(path: string, { sha256 }: Item): void {
  const [, hex = ''] = /([0-9a-f]{64})(?:\.json)?$/.exec(path) ?? []
  const named = parseDigest(`sha256:${hex}`)
  if (named === undefined || named === sha256) return
  throw refused(`${path} holds other bytes than its name says: the archive is damaged`)
}

/** The config says what each layer holds, unpacked. */
function layerAt(files: Files, path: string, diff: string): Item {
  const item = files.find(path)
  if (item === undefined) throw refused(`it lacks ${path}, a layer of an image`)
  const isRight = item.packing === undefined ? item.sha256 === diff : item.unpacked === diff
  if (isRight) return item
  throw refused(`${path} is not the layer that the config of its image tells of: the archive is damaged`)
}

function makeManifest(config: Item, bytes: Buffer, layers: readonly Item[]): FoundDoc {
  const describe = ({ sha256, size }: Item, mediaType: string) => ({ mediaType, digest: sha256, size })
  const made = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST_TYPE,
      config: describe(config, CONFIG_TYPE),
      layers: layers.map((item) => {
        const suffix = item.packing === undefined ? '' : `+${item.packing}`
        return describe(item, `${LAYER_TYPE}${suffix}`)
      }),
    }),
  )
  const platform = readConfigFacts(bytes)?.platform
  const mediaType = MANIFEST_TYPE
  return { digest: digestOf(made), bytes: made, mediaType, platform, manifest: readManifest(made) }
}

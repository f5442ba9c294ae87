import { hash } from 'node:crypto'
import { DAY } from '../../src/domain/clock.ts'
import { digestOf, type Sha256 } from '../../src/domain/digest.ts'
import { KIB, MIB } from '../../src/domain/units.ts'

/** How large an index is to be. */
export interface BigSize {
  readonly blobs: number
  readonly tags: number
  readonly repositories: number
  readonly seed: number
  /** Milliseconds since the epoch: the latest use. */
  readonly now: number
}

export interface BigBlob {
  readonly digest: Sha256
  readonly size: number
  /** Real bytes, where a test may want to read them; other files are holes. */
  readonly bytes?: Buffer
}

/** A manifest or index with everything directly below it. */
export interface BigManifest extends BigBlob {
  readonly mediaType: string
  readonly children: readonly BigBlob[]
}

export interface BigImage {
  readonly repository: number
  /** None: its tag was replaced. */
  readonly tags: readonly string[]
  readonly top: BigManifest
  /** Of an index, its manifests. */
  readonly platforms: readonly BigManifest[]
  /** Blobs that no image before this one had. */
  readonly own: readonly BigBlob[]
  readonly createdAt: number
  readonly usedAt: number
  readonly pulls: number
}

export interface BigImages {
  /** In every run the same for the same size. */
  readonly images: Iterable<BigImage>
  /** Base layers, each shared by many repositories. */
  readonly base: readonly BigBlob[]
  /** Blobs that a repository has without an image. */
  readonly loose: readonly BigBlob[]
}

/** The first images are plain and real, so that a server can answer them, */
export const REAL_IMAGES = 200
/** and so are all images of the first repositories, which have most of them: their platforms can be read. */
const REAL_REPOSITORIES = 40

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const ONE_IN_INDEX = 7

/** Images of a cache that served many teams for a year: exactly `size.blobs` blobs and `size.tags` tags. */
export function planImages(size: BigSize): BigImages {
  const random = createRandom(size.seed)
  const newBlob = createBlobs(size.seed, random)
  const counts = countsOf(size)
  const base = times(counts.base, () => newBlob(layerSize(random)))
  const loose = times(counts.loose, () => newBlob(layerSize(random)))
  return { base, loose, images: planEach({ size, counts, random, newBlob, base }) }
}

interface Counts {
  readonly base: number
  readonly loose: number
  readonly images: number
  readonly tagged: number
  readonly platforms: number
  readonly layers: number
}

function countsOf({ blobs, tags }: BigSize): Counts {
  const base = Math.max(8, Math.floor(blobs / 50))
  const loose = Math.floor(blobs / 100)
  const tagged = Math.ceil(tags * 0.85)
  const images = tagged + Math.floor(tags * 0.05)
  const indexes = times(images, (i) => (isIndex(i) ? 1 : 0)).reduce<number>((sum, one) => sum + one, 0)
  const platforms = images + indexes
  const layers = blobs - base - loose - indexes - 2 * platforms
  if (layers < 0) throw new Error(`${blobs} blobs are too few for ${tags} tags`)
  return { base, loose, images, tagged, platforms, layers }
}

function isIndex(image: number): boolean {
  return image >= REAL_IMAGES && image % ONE_IN_INDEX === 0
}

interface Plan {
  readonly size: BigSize
  readonly counts: Counts
  readonly random: () => number
  readonly newBlob: (size: number) => BigBlob
  readonly base: readonly BigBlob[]
}

function* planEach(plan: Plan): Generator<BigImage> {
  const { size, counts, random } = plan
  let platform = 0
  for (let i = 0; i < counts.images; i++) {
    const repository = i < size.repositories ? i : Math.floor(size.repositories * random() ** 2)
    const isReal = i < REAL_IMAGES || repository < REAL_REPOSITORIES
    const own: BigBlob[] = []
    const platforms = times(isIndex(i) ? 2 : 1, () =>
      planManifest(plan, { repository, platform: platform++, isReal, own }),
    )
    const top = isIndex(i) ? indexOf(plan, { platforms, isReal }) : platforms[0]
    if (top === undefined) continue
    const usedAt = Math.floor(size.now - 365 * DAY * random() ** 3)
    yield {
      repository,
      tags: tagsOf(i, counts, size.tags),
      top,
      platforms: isIndex(i) ? platforms : [],
      own: isIndex(i) ? [top, ...own] : own,
      createdAt: Math.floor(usedAt - 90 * DAY * random()),
      usedAt,
      pulls: Math.floor(500 * random() ** 4),
    }
  }
}

/** Aliases (tags beyond one for each image) go to the first images. */
function tagsOf(image: number, { tagged }: Counts, tags: number): string[] {
  if (image >= tagged) return []
  const alias = tagged + image < tags ? [`alias-${image}`] : []
  return [`v${image}`, ...alias]
}

function planManifest(
  { counts, random, newBlob, base }: Plan,
  at: { repository: number; platform: number; isReal: boolean; own: BigBlob[] },
): BigManifest {
  const size = Math.floor(2 * KIB + 8 * KIB * random())
  const config = at.isReal ? realConfig(at.platform, size) : newBlob(size)
  const until = Math.floor((counts.layers * (at.platform + 1)) / counts.platforms)
  const layers = times(until - Math.floor((counts.layers * at.platform) / counts.platforms), () =>
    newBlob(layerSize(random)),
  )
  const children = [config, ...chainOf(base, at.repository), ...layers]
  const manifest = at.isReal ? realManifest(children) : newBlob(Math.floor(KIB + 2 * KIB * random()))
  at.own.push(manifest, config, ...layers)
  return { ...manifest, mediaType: MANIFEST, children }
}

/** Repositories share the chains of a few families, some far more popular than others. */
function chainOf(base: readonly BigBlob[], repository: number): readonly BigBlob[] {
  const families = Math.floor(base.length / 4)
  const family = Math.floor(families * ((repository * 0.618_033_988) % 1) ** 2)
  return base.slice(4 * family, 4 * family + 2 + (repository % 3))
}

function indexOf(
  { newBlob }: Plan,
  { platforms, isReal }: { platforms: readonly BigManifest[]; isReal: boolean },
): BigManifest {
  const top = isReal ? realIndex(platforms) : newBlob(KIB)
  return { ...top, mediaType: INDEX, children: platforms }
}

const ARCHITECTURES = ['amd64', 'arm64']

/** With so many bytes: labels fill it up. */
function realConfig(platform: number, size: number): BigBlob {
  const config = { architecture: ARCHITECTURES[platform % 2], os: 'linux', platform, labels: '' }
  const labels = 'x'.repeat(Math.max(0, size - JSON.stringify(config).length))
  return realBlob({ ...config, labels })
}

function realManifest([config, ...layers]: readonly BigBlob[]): BigBlob {
  return realBlob({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptorOf('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptorOf('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
  })
}

function realIndex(manifests: readonly BigManifest[]): BigBlob {
  const platformOf = (at: number) => ({ architecture: ARCHITECTURES[at % 2], os: 'linux' })
  return realBlob({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: manifests.map((one, at) => ({
      ...descriptorOf(one.mediaType, one),
      platform: platformOf(at),
    })),
  })
}

function descriptorOf(mediaType: string, blob: BigBlob | undefined) {
  return { mediaType, digest: blob?.digest, size: blob?.size }
}

function realBlob(content: object): BigBlob {
  const bytes = Buffer.from(JSON.stringify(content))
  return { digest: digestOf(bytes), size: bytes.length, bytes }
}

/** From 10 KiB to 256 MiB, as many small ones as large ones on a logarithmic scale. */
function layerSize(random: () => number): number {
  return Math.floor(10 * KIB * ((256 * MIB) / (10 * KIB)) ** random())
}

function createBlobs(seed: number, random: () => number): (size: number) => BigBlob {
  let made = Math.floor(random() * 1e6)
  return (size) => ({ digest: `sha256:${hash('sha256', `${seed} ${made++}`)}`, size })
}

/** Mulberry32: numbers from 0 to 1, the same for the same seed. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i))
}

import fs from 'node:fs'
import { join } from 'node:path'
import { toBytes } from '../../src/db/digests.ts'
import { openIndex } from '../../src/db/index.ts'
import { type Db, openDb } from '../../src/db/open.ts'
import { stampOf } from '../../src/store/file.ts'
import { layoutOf } from '../../src/store/layout.ts'
import { type BigBlob, type BigImage, type BigManifest, type BigSize, planImages } from './big-images.ts'

const MIGRATIONS = join(import.meta.dirname, '../../migrations')
const UPSTREAMS = ['docker.io', 'docker.io', 'ghcr.io', 'quay.io', 'registry.k8s.io']
const DEFAULTS: BigSize = {
  blobs: 1_000_000,
  tags: 200_000,
  repositories: 10_000,
  seed: 7,
  now: Date.UTC(2026, 0, 1),
}
const ROWS_PER_TRANSACTION = 100_000

/** As if somebody had read every config: else that would go on beside whatever is measured. */
const DESCRIBED = `
  UPDATE descriptions SET pending = 0;
  UPDATE descriptions SET platform = 'linux/amd64 linux/arm64',
         created = (SELECT created_at - 86400000 FROM blobs b WHERE b.digest = descriptions.digest)
   WHERE EXISTS (SELECT 1 FROM edges e WHERE e.parent = descriptions.digest)`

export interface BigIndexOptions extends Partial<BigSize> {
  /** False: rows only. Else every blob gets a sparse file of its size; manifests of the first images are real. */
  readonly files?: boolean
}

/**
 * Makes the data folder `root` as years of use leave it: images with layers of their own over shared ones, indexes
 * with two platforms, aliases, replaced tags and single blobs. The same options give the same rows, except for the
 * stamps of files.
 */
export async function makeBigIndex(root: string, options: BigIndexOptions = {}): Promise<void> {
  const { files = true, ...over } = options
  const size = { ...DEFAULTS, ...over }
  const layout = layoutOf(root)
  for (const folder of [layout.blobs, layout.parts, layout.trash]) fs.mkdirSync(folder, { recursive: true })
  await openIndex(layout.index, MIGRATIONS).close()
  const db = openDb(layout.index)
  try {
    // Nothing is lost when this is cut: it is made again.
    db.pragma('synchronous = OFF')
    db.pragma('cache_size = -2000000')
    const place = files ? createPlaces(layout.blobs) : () => 1
    const indexes = dropIndexes(db)
    fill(db, size, place)
    db.exec(DESCRIBED)
    // Made at the end they cost a fraction of what keeping them in order does.
    for (const sql of indexes) db.exec(sql)
    db.exec('ANALYZE')
  } finally {
    db.close()
  }
}

/** The name of a repository by its number, and of its upstream. */
export function bigRepository(number: number): { upstream: string; name: string } {
  const upstream = UPSTREAMS[number % UPSTREAMS.length] ?? ''
  return { upstream, name: `team-${Math.floor(number / 40)}/app-${number}` }
}

function dropIndexes(db: Db): readonly string[] {
  const all = db
    .prepare<[], { name: string; sql: string }>(
      "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
    )
    .all()
  for (const { name } of all) db.exec(`DROP INDEX ${name}`)
  return all.map(({ sql }) => sql)
}

type Place = (blob: BigBlob) => number

function fill(db: Db, size: BigSize, place: Place): void {
  const write = createWriter(db, place)
  const { images, base, loose } = planImages(size)
  for (let i = 0; i < size.repositories; i++) write.repository(i)
  for (const blob of base) write.blob(blob, size.now)
  for (const [i, blob] of loose.entries()) {
    write.blob(blob, size.now - i * 1000)
    write.entry({ repository: i % size.repositories, kind: 'blob', ref: blob, at: size.now - i * 1000 })
  }
  for (const image of images) write.image(image)
  write.end()
}

interface NewEntry {
  readonly repository: number
  readonly kind: string
  readonly ref: BigBlob
  readonly tag?: string
  readonly mediaType?: string
  readonly at: number
  readonly createdAt?: number
  readonly pulls?: number
  readonly replacedAt?: number
}

function createWriter(db: Db, place: Place) {
  const repository = db.prepare("INSERT INTO repositories VALUES (?, 'oci', ?, ?)")
  const blob = db.prepare(
    'INSERT INTO blobs (digest, size, stamp, created_at, used_at, verified_at) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const edge = db.prepare('INSERT INTO edges VALUES (?, ?, ?)')
  const entry = db.prepare(
    `INSERT OR IGNORE INTO entries (repository, kind, ref, digest, media_type, size, fetched_at, checked_at,
                                    created_at, used_at, pulls, replaced_at)
     VALUES (@repository, @kind, @ref, @digest, @mediaType, @size, @at, @at, @createdAt, @at, @pulls, @replacedAt)`,
  )
  let rows = 0
  db.exec('BEGIN')
  const count = (): void => {
    if (++rows % ROWS_PER_TRANSACTION === 0) db.exec('COMMIT; BEGIN')
  }
  const write = {
    repository: (number: number): void => {
      const { upstream, name } = bigRepository(number)
      repository.run(number, upstream, name)
    },
    blob: (one: BigBlob, at: number): void => {
      blob.run(toBytes(one.digest), one.size, place(one), at, at, at)
      count()
    },
    entry: (one: NewEntry): void => {
      const { ref, tag, mediaType = null, createdAt = one.at, pulls = 0, replacedAt = null } = one
      const digest = toBytes(ref.digest)
      const rest = { mediaType, createdAt, pulls, replacedAt, size: ref.size, digest, ref: tag ?? digest }
      entry.run({ repository: one.repository, kind: one.kind, at: one.at, ...rest })
      count()
    },
    edges: (parent: BigManifest): void => {
      for (const child of parent.children) edge.run(toBytes(parent.digest), toBytes(child.digest), child.size)
    },
    image: (image: BigImage): void => {
      for (const one of image.own) write.blob(one, image.usedAt)
      for (const manifest of [image.top, ...image.platforms]) writeManifest(write, image, manifest)
    },
    end: () => db.exec('COMMIT'),
  }
  return write
}

function writeManifest(
  write: { entry(one: NewEntry): void; edges(parent: BigManifest): void },
  image: BigImage,
  manifest: BigManifest,
): void {
  const { repository, usedAt: at, createdAt, pulls, tags } = image
  const isTop = manifest === image.top
  const { mediaType } = manifest
  write.edges(manifest)
  const replaced = isTop && tags.length === 0 ? { replacedAt: at } : {}
  write.entry({ repository, kind: 'manifest', ref: manifest, mediaType, at, createdAt, pulls, ...replaced })
  for (const tag of isTop ? tags : []) {
    write.entry({ repository, kind: 'manifest', ref: manifest, tag, mediaType, at, createdAt, pulls })
  }
  for (const child of manifest.children) {
    const isLayer = !image.platforms.some(({ digest }) => digest === child.digest)
    if (isLayer) write.entry({ repository, kind: 'blob', ref: child, at, createdAt })
  }
}

const { O_CREAT, O_EXCL, O_WRONLY } = fs.constants

/** Makes the file of a blob and returns its stamp. */
function createPlaces(blobs: string): Place {
  for (let i = 0; i < 256; i++) fs.mkdirSync(join(blobs, i.toString(16).padStart(2, '0')))
  return ({ digest, size, bytes }) => {
    const hex = digest.slice(7)
    const fd = fs.openSync(`${blobs}/${hex.slice(0, 2)}/${hex}`, O_CREAT | O_EXCL | O_WRONLY, 0o640)
    if (bytes === undefined) fs.ftruncateSync(fd, size)
    else fs.writeSync(fd, bytes)
    const stamp = stampOf(fs.fstatSync(fd))
    fs.closeSync(fd)
    return stamp
  }
}

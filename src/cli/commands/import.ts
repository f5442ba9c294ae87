import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import type { UploadFile } from '../../api/client.ts'
import type { ImportedImage } from '../../api/contract-packages.ts'
import { bytes, count, digest, listed, words } from '../cells.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { CommandError, EXIT, usageError } from '../exit.ts'
import { follow } from '../follow.ts'
import { type Reached, withApi } from '../reach.ts'
import type { Table } from '../table.ts'

/** `import FILE…`: images out of files. */
export const importImages: Command = {
  name: 'import',
  group: 'change',
  words: 'FILE…',
  takes: [1, 100],
  summary: 'take images out of files of docker save, podman save, skopeo or cachalot export',
  flags: { as: true, upstream: 'the upstream below which all of it belongs: "ghcr.io"', json: true },
  about: [
    'Files are tar archives, plain or packed by gzip or zstd; "-" is standard input. All content is verified before any',
    'is kept. Names come from the archive; a registry that is no upstream of this cache needs --upstream. Imported images',
    'are served while their upstream cannot be reached, within cache.stale_if_error, and are never taken for deleted.',
    'Archives of docker save before Docker 25 and of podman save hold no manifests: they are made here, so their digests',
    'are not those of the registry.',
  ],
  examples: [
    'import images.tar',
    'import app.tar.gz --as docker.io/org/app:1',
    'import site.tar --upstream ghcr.io',
  ],
  run: async (context) => {
    const files = context.words
    if (context.flags.on('as') && files.length > 1)
      throw usageError('--as gives one name, and there are several files')
    if (new Set(files).size < files.length) throw usageError('a file is named twice')
    for (const file of files) if (file !== '-') sizeOf(file)
    return withApi(context, (reached) => bring(reached, context), { create: true })
  },
}

async function bring({ api }: Reached, context: Context): Promise<number> {
  const { flags, words: files, signal } = context
  const as = flags.text('as')
  const upstream = flags.text('upstream')
  const ask = { ...(as === undefined ? {} : { as }), ...(upstream === undefined ? {} : { upstream }) }
  const images: ImportedImage[] = []
  for (const file of files) {
    const said = api.upload('/import', ask, { ...openFile(file, context), signal })
    const report = await follow(said, { context, verb: 'importing', noun: 'files' })
    images.push(...report.images)
  }
  if (flags.on('json')) context.json({ images })
  else context.print([{ kind: 'table', table: importTable(images) }])
  const made = images.filter(({ manifest }) => manifest === 'made')
  if (made.length > 0)
    context.note('manifests were made here for what had none: digests are not those of a registry')
  return EXIT.ok
}

function openFile(path: string, { world }: Context): UploadFile {
  // A stream of Node's is a Readable, whatever a test puts in its place.
  if (path === '-') return { body: world.stdin as Readable, size: undefined }
  return { body: createReadStream(path, { highWaterMark: 256 * 1024 }), size: sizeOf(path) }
}

/** Throws CommandError where there is no such file. */
function sizeOf(path: string): number | undefined {
  try {
    const stats = statSync(path)
    if (stats.isDirectory()) {
      const hint = `tar -C ${path} -cf - . | cachalot import -`
      throw new CommandError({ what: `${path} is a folder`, hint }, EXIT.usage)
    }
    return stats.isFile() ? stats.size : undefined
  } catch (error) {
    if (error instanceof CommandError) throw error
    // Errors of the file system carry a code.
    const { code = '' } = error as NodeJS.ErrnoException
    throw new CommandError({ what: `${path} cannot be read`, why: code }, EXIT.notFound)
  }
}

export function importTable(images: readonly ImportedImage[]): Table {
  return {
    columns: [
      { key: 'name', title: 'name', shrink: true },
      { key: 'platforms', title: 'platforms', shrink: true, drop: 1 },
      { key: 'blobs', title: 'blobs', align: 'right' },
      { key: 'before', title: 'cached before', align: 'right' },
      { key: 'bytes', title: 'size', align: 'right' },
      { key: 'manifest', title: 'manifest', drop: 3 },
      { key: 'digest', title: 'digest', drop: 2 },
    ],
    rows: images.map((image) => [
      words(image.name, 'strong'),
      listed(image.platforms),
      count(image.blobs),
      count(image.before),
      bytes(image.bytes),
      words(image.manifest),
      digest(image.digest),
    ]),
  }
}

import { z } from 'zod'
import type { ImageKey, RemovalPreview } from '../cache/removal.ts'
import { writeUses } from '../cache/uses.ts'
import type { ChosenFile } from '../db/accounts/file-matching.ts'
import { fileText } from '../domain/file-names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import { alsoTags } from './choice.ts'
import type { Preview } from './contract-evict.ts'
import type { ApiDeps } from './deps.ts'
import { toFileRow } from './file-rows.ts'
import { fileKind, selectFiles } from './file-selection.ts'
import { isMirror, type SortedFiles, sortFiles, toFileKey } from './files-going.ts'
import { type ImagesGoing, lookAtImages, NO_IMAGES, toKey } from './images-going.ts'
import { splitSelection } from './mixed-selection.ts'
import type { ShownFile, ShownImage, ShownMirror, Shown as ShownThen } from './previews.ts'
import { toImageRow } from './rows.ts'
import { imageText } from './selection.ts'
import { nameText } from './tags-alone.ts'

const names = z.array(z.string().max(1000)).max(20_000)
export const selectionAsk = z.strictObject({
  names: names.default([]),
  filter: z.string().max(1000).optional(),
  of: z.enum(['images', 'files']).default('images'),
  kind: fileKind.optional(),
  exclude: names.default([]),
  includeGone: z.boolean().default(false),
  tagsOnly: z.boolean().default(false),
})
export type SelectionAsk = z.output<typeof selectionAsk>

/** Rows of a preview that are sent: nobody reads more. */
const MOST_SHOWN = 1000

export interface Showing {
  readonly preview: Preview
  readonly shown: Omit<ShownThen, 'target'>
}

/** What a selection means at this moment, for people and for whoever carries it out. */
export function createShow(deps: ApiDeps): (ask: SelectionAsk) => Promise<Showing> {
  return async (ask) => {
    writeUses(deps.index)
    const split = splitSelection(ask)
    const images = split.images === undefined ? NO_IMAGES : await lookAtImages(deps, split.images)
    const chosen =
      split.files === undefined ? { files: [], notFound: [] } : await selectFiles(deps, split.files)
    const files = await sortFiles(deps, chosen.files, ask.includeGone)
    const sums = await deps.parts.removal.preview({
      images: images.whole.map((image) => ({ ...toKey(image), mediaType: images.rowOf(image).mediaType })),
      files: files.going.map(toFileKey),
    })
    const notFound = [...images.notFound, ...chosen.notFound, ...split.notFound]
    return showing(deps, ask, { images, files, sums, notFound })
  }
}

interface Found {
  readonly images: ImagesGoing
  readonly files: SortedFiles
  readonly sums: RemovalPreview
  readonly notFound: readonly string[]
}

function showing(deps: ApiDeps, ask: SelectionAsk, { images, files, sums, notFound }: Found): Showing {
  const { filter, tagsOnly } = ask
  // Names of files say nothing of tags.
  const imageNames = ask.names.filter((name) => !isProtocolName(name))
  const skipped = new Set([...sums.pinned, ...sums.inUse].map(imageText))
  const busy = new Set(sums.filesInUse.map(fileText))
  const going = images.whole.filter((image) => !skipped.has(imageText(image)))
  const goingFiles = files.going.filter(({ name }) => !busy.has(name))
  const mirrored = files.mirrors.reduce((sum, { total }) => sum + total, 0)
  const [total, frees] = [sums.total + mirrored, sums.frees + mirrored]
  const namesOf = (keys: readonly ImageKey[]): readonly string[] => {
    const wanted = new Set(keys.map(imageText))
    return images.all.filter((image) => wanted.has(imageText(image))).map(({ name }) => name)
  }
  const rows = [...goingFiles, ...files.mirrors]
  const preview: Preview = {
    images: going.slice(0, MOST_SHOWN).map((image) => toImageRow(images.rowOf(image))),
    files: rows.slice(0, MOST_SHOWN).map((file) => toFileRow(deps, file)),
    count: going.length + rows.length,
    atOnce: files.mirrors.map(({ name }) => name),
    namesOnly: images.kept.flatMap(({ names: some }) => some.map(nameText)),
    objects: sums.objects + files.mirrors.length,
    total,
    frees,
    sharedKept: total - frees,
    alsoTags: tagsOnly ? [] : alsoTags(deps, going.map(images.rowOf), { names: imageNames, filter }),
    pinned: [...namesOf(sums.pinned), ...images.pinnedTags, ...files.pinned],
    inUse: [...namesOf(sums.inUse), ...busy, ...files.inUse],
    needed: images.needed.map(({ name }) => name),
    notFound,
    gone: [...images.gone, ...files.gone].map(({ name }) => name),
  }
  return {
    preview,
    shown: {
      images: rememberedImages(images, going),
      files: rememberedFiles(goingFiles, files.gone),
      mirrors: rememberedMirrors(files),
    },
  }
}

function rememberedImages({ kept, gone }: ImagesGoing, going: readonly ShownImage[]): readonly ShownImage[] {
  const tagsOf = new Map(kept.map(({ image, names: some }) => [image, some.map(({ ref }) => ref)]))
  const isGone = new Set(gone)
  const remember = (image: ShownImage): ShownImage => {
    const tags = tagsOf.get(image)
    return tags === undefined ? image : { ...image, chosen: tags, isKept: true }
  }
  const shown = [...going, ...tagsOf.keys()].filter((image) => !isGone.has(image)).map(remember)
  return [...shown, ...gone.map((image) => ({ ...remember(image), isGone: true }))]
}

function rememberedMirrors({ mirrors, gone }: SortedFiles): readonly ShownMirror[] {
  const all = new Set([...mirrors, ...gone.filter(isMirror)])
  return [...all].map(({ repository, goneAt }) => ({ repository, isGone: goneAt !== undefined }))
}

function rememberedFiles(going: readonly ChosenFile[], gone: readonly ChosenFile[]): readonly ShownFile[] {
  const toShown = (file: ChosenFile): ShownFile => ({
    ...toFileKey(file),
    name: file.name,
    standing: file.standing,
    isGone: file.goneAt !== undefined,
  })
  return [...new Set([...going, ...gone.filter((file) => !isMirror(file))])].map(toShown)
}

import type { FileKind } from '../domain/file-names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import type { ChoiceAsk } from './choice.ts'
import type { FileSelectionAsk } from './file-selection.ts'

interface MixedAsk {
  readonly names: readonly string[]
  readonly filter?: string | undefined
  readonly exclude: readonly string[]
  readonly of: 'images' | 'files'
  readonly kind?: FileKind | undefined
  readonly includeGone: boolean
  readonly tagsOnly: boolean
}

export interface ImagesAsk extends ChoiceAsk {
  readonly includeGone: boolean
  readonly tagsOnly: boolean
}

/** A selection apart by what it is about; undefined: nothing of that is meant. */
export interface SplitSelection {
  readonly images: ImagesAsk | undefined
  readonly files: FileSelectionAsk | undefined
  /** Names that cannot be found: of images, where only files are meant. */
  readonly notFound: readonly string[]
}

/** Names say themselves what they are about ("hf:org/model"); a filter alone is about what `of` says. */
export function splitSelection(ask: MixedAsk): SplitSelection {
  const { names, filter, exclude, of, kind, includeGone, tagsOnly } = ask
  const fileNames = names.filter(isProtocolName)
  const imageNames = names.filter((name) => !isProtocolName(name))
  const isOfFiles = kind !== undefined || (names.length === 0 && of === 'files')
  const hasLimit = fileNames.length > 0 || kind !== undefined || (filter ?? '').trim() !== ''
  const files =
    fileNames.length > 0 || (isOfFiles && names.length === 0 && hasLimit)
      ? { names: fileNames, filter, kind, exclude: exclude.filter(isProtocolName) }
      : undefined
  if (kind !== undefined) return { images: undefined, files, notFound: imageNames }
  // Without names and filter nothing is chosen: whoever looks for images says so.
  const isOfImages = imageNames.length > 0 || files === undefined
  const images = isOfImages
    ? {
        names: imageNames,
        filter,
        exclude: exclude.filter((name) => !isProtocolName(name)),
        includeGone,
        tagsOnly,
      }
    : undefined
  return { images, files, notFound: [] }
}

/** The rules of accounting written down as plainly as possible, for the property test to compare with. */

export interface ModelEntry {
  readonly repository: number
  readonly kind: 'manifest' | 'blob' | 'tags'
  /** Undefined: by its digest. */
  readonly tag: string | undefined
  readonly blob: number
}

/** Blobs are numbers. */
export interface Model {
  readonly sizes: readonly number[]
  readonly here: readonly boolean[]
  readonly pinned: readonly boolean[]
  readonly isIndex: readonly boolean[]
  readonly edges: readonly (readonly [parent: number, child: number])[]
  readonly entries: readonly ModelEntry[]
}

/** A manifest in a repository. */
export interface ModelImage {
  readonly repository: number
  readonly blob: number
}

const blocks = (size: number): number => Math.ceil(size / 4096) * 4096

export function sizeOf(model: Model, blobs: Iterable<number>): number {
  let sum = 0
  for (const blob of new Set(blobs)) if (model.here[blob] === true) sum += blocks(model.sizes[blob] ?? 0)
  return sum
}

export const isSame = (a: ModelImage) => (b: ModelImage) => a.repository === b.repository && a.blob === b.blob

function childrenOf(model: Model, parent: number): number[] {
  return model.edges.filter(([from]) => from === parent).map(([, to]) => to)
}

/** The manifest and all below it, three levels deep, here or not. */
export function below(model: Model, top: number): Set<number> {
  const found = new Set([top])
  let level = [top]
  for (let depth = 1; depth <= 3; depth++) {
    level = level.flatMap((one) => childrenOf(model, one))
    for (const one of level) found.add(one)
  }
  return found
}

const hasTag = (model: Model, { repository, blob }: ModelImage): boolean =>
  model.entries.some(
    (e) => e.kind === 'manifest' && e.tag !== undefined && e.repository === repository && e.blob === blob,
  )

const isNamed = (model: Model, { repository, blob }: ModelImage): boolean =>
  model.here[blob] === true &&
  model.entries.some((e) => e.kind === 'manifest' && e.repository === repository && e.blob === blob)

export function imagesOf(model: Model): ModelImage[] {
  const named = model.entries
    .filter((entry) => isNamed(model, entry) && entry.kind === 'manifest')
    .map(({ repository, blob }) => ({ repository, blob }))
  const unique = named.filter((one, at) => named.findIndex(isSame(one)) === at)
  const isPart = ({ repository, blob }: ModelImage): boolean =>
    model.edges.some(([parent, child]) => child === blob && isNamed(model, { repository, blob: parent }))
  return unique.filter((one) => hasTag(model, one) || !isPart(one))
}

export interface ModelSums {
  readonly total: number
  readonly onlyHere: number
}

/** What a repository has through its images. */
function throughImages(model: Model, repository: number): Set<number> {
  const own = imagesOf(model).filter((image) => image.repository === repository)
  return new Set(own.flatMap(({ blob }) => [...below(model, blob)]))
}

function looseIn(model: Model, repository: number): Set<number> {
  const held = throughImages(model, repository)
  const named = model.entries.filter((entry) => entry.repository === repository).map(({ blob }) => blob)
  return new Set(named.filter((blob) => !held.has(blob)))
}

export function repositorySums(model: Model, repository: number): ModelSums {
  const all = [...new Set(model.entries.map((entry) => entry.repository))]
  const has = (one: number) => new Set([...throughImages(model, one), ...looseIn(model, one)])
  const own = has(repository)
  const others = all.filter((one) => one !== repository).map(has)
  const only = [...own].filter((blob) => !others.some((other) => other.has(blob)))
  return { total: sizeOf(model, own), onlyHere: sizeOf(model, only) }
}

export function imageSums(model: Model, image: ModelImage): ModelSums {
  const held = below(model, image.blob)
  const others = imagesOf(model).filter((one) => !isSame(image)(one))
  const inOthers = new Set(others.flatMap(({ blob }) => [...below(model, blob)]))
  const elsewhere = [...new Set(model.entries.map((entry) => entry.repository))]
    .filter((repository) => repository !== image.repository)
    .map((repository) => looseIn(model, repository))
  const only = [...held].filter((blob) => !inOthers.has(blob) && !elsewhere.some((loose) => loose.has(blob)))
  return { total: sizeOf(model, held), onlyHere: sizeOf(model, only) }
}

export function isComplete(model: Model, manifest: number): boolean {
  const all = childrenOf(model, manifest)
  const here = all.filter((child) => model.here[child] === true)
  const isIndex =
    (model.isIndex[manifest] === true &&
      model.entries.some((e) => e.kind === 'manifest' && e.blob === manifest)) ||
    all.some((child) => childrenOf(model, child).length > 0)
  if (!isIndex) return here.length === all.length
  return here.length > 0 && here.every((child) => isComplete(model, child))
}

export interface ModelRemoval {
  readonly digests: readonly number[]
  readonly entries: readonly ModelEntry[]
  readonly total: number
  readonly frees: number
}

/** What goes with these images. */
export function removalOf(model: Model, asked: readonly ModelImage[]): ModelRemoval {
  const going = asked.filter(({ blob }) => model.pinned[blob] !== true || model.here[blob] !== true)
  const staying = imagesOf(model).filter((image) => !going.some(isSame(image)))
  const under = (repository: number): Set<number> =>
    new Set(going.filter((g) => g.repository === repository).flatMap(({ blob }) => [...below(model, blob)]))
  const isNeeded = (repository: number, blob: number): boolean =>
    staying.some((image) => image.repository === repository && below(model, image.blob).has(blob))
  const isSpared = (blob: number): boolean => model.here[blob] === true && model.pinned[blob] === true
  const goes = (entry: ModelEntry): boolean => {
    const { repository, blob, kind } = entry
    if (kind === 'manifest' && going.some(isSame(entry))) return true
    if (!under(repository).has(blob) || isNeeded(repository, blob)) return false
    return kind === 'manifest' ? model.here[blob] === true : kind === 'blob' && !isSpared(blob)
  }
  const entries = model.entries.filter(goes)
  const left = model.entries.filter((entry) => !goes(entry))
  const all = new Set(going.flatMap(({ blob }) => [...below(model, blob)]))
  const digests = [...all].filter(
    (blob) =>
      model.here[blob] === true &&
      !isSpared(blob) &&
      !left.some((entry) => entry.blob === blob) &&
      !staying.some((image) => below(model, image.blob).has(blob)),
  )
  return { digests, entries, total: sizeOf(model, all), frees: sizeOf(model, digests) }
}

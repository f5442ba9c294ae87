import { writeUses } from '../cache/uses.ts'
import type { Removal } from '../db/accounts/removal.ts'
import type { EvictionRow } from '../db/evictions.ts'
import { fileText } from '../domain/file-names.ts'
import { formatBytes } from '../domain/units.ts'
import type { Evicted, LeftImage } from './contract-evict.ts'
import type { ApiDeps } from './deps.ts'
import { toEviction } from './eviction-rows.ts'
import { dropMirrors, stillSame } from './files-going.ts'
import { partGone } from './gone.ts'
import type { Shown, ShownFile, ShownImage } from './previews.ts'
import { imageText } from './selection.ts'
import { divide, nameText } from './tags-alone.ts'

export interface EvictAsk {
  readonly mode: 'undo' | 'now'
  /** What cannot be pulled again goes, too. */
  readonly includeGone: boolean
  readonly who: string
}

type WasShown = Omit<Shown, 'target'>

/** What can still be taken out as it was shown. */
interface Split {
  readonly images: readonly ShownImage[]
  readonly files: readonly ShownFile[]
  readonly left: readonly LeftImage[]
  readonly account: Removal
  /** Tags that go while their images stay. */
  readonly alone: Awaited<ReturnType<typeof divide>>['kept'][number]['names']
}

/** Takes out what is still as it was shown, and says what is not. */
export function createEvict(deps: ApiDeps): (shown: WasShown, ask: EvictAsk) => Promise<Evicted> {
  const { index, parts } = deps
  return async (shown, ask) => {
    const { mode, includeGone, who } = ask
    writeUses(index)
    const asked = includeGone ? { go: shown.images, left: [] } : await withoutGone(deps, shown.images)
    // Nobody else takes out anything between the look and the deed: what two want to evict goes once.
    const done = await parts.undo.taking(async (take) => {
      const split = await splitShown(deps, { ...shown, images: asked.go }, includeGone)
      const { images, files, alone, account } = split
      const left = [...asked.left, ...split.left]
      const facts = { who, names: [...[...images, ...files].map(({ name }) => name), ...alone.map(nameText)] }
      const whole = { ...account, entries: [...account.entries, ...alone] }
      const isNone = images.length + files.length + alone.length === 0
      const { row, stayed } = isNone
        ? { row: undefined, stayed: { images: [], files: [] } }
        : await (mode === 'undo' ? take.keep(whole, facts) : take.drop(whole, facts))
      const changed = new Set([...stayed.images.map(imageText), ...stayed.files.map(fileText)])
      const isChanged = [
        ...images.filter((image) => changed.has(imageText(image))),
        ...files.filter((file) => changed.has(fileText(file))),
      ]
      left.push(...isChanged.map(({ name }): LeftImage => ({ name, why: 'changed' })))
      const mirrors = await dropMirrors(deps, shown.mirrors, includeGone)
      left.push(...mirrors.left)
      const { names, bytes } = mirrors
      const noted =
        names.length === 0 ? undefined : await take.note({ files: names.length, bytes }, { who, names })
      return { rows: [row, noted].filter((one) => one !== undefined), left, namesOnly: alone.length }
    })
    const evicted = { ...evictedOf(deps, done.rows, who), left: done.left, namesOnly: done.namesOnly }
    if (done.rows.length > 0) say(deps, evicted, mode)
    return evicted
  }
}

/** Without what cannot be pulled again; who heard of it before is not told again. */
async function withoutGone(deps: ApiDeps, shown: readonly ShownImage[]) {
  const { go, stay } = await partGone(
    deps,
    shown.filter(({ isGone }) => isGone !== true),
  )
  return { go, left: stay.map(({ name }): LeftImage => ({ name, why: 'gone_upstream' })) }
}

async function splitShown(deps: ApiDeps, shown: WasShown, includeGone: boolean): Promise<Split> {
  const { index, parts } = deps
  const tags = await index.clerk.ask('standings', { images: shown.images })
  const left: LeftImage[] = []
  const same = shown.images.filter((image, at) => {
    if (tags[at] === image.tags) return true
    left.push({ name: image.name, why: tags[at] === undefined ? 'gone' : 'changed' })
    return false
  })
  const { whole, kept, pinned, needed } = await divide(deps, same)
  left.push(...pinned.map((name): LeftImage => ({ name, why: 'pinned' })))
  left.push(...needed.map(({ name }): LeftImage => ({ name, why: 'needed' })))
  const files = await stillSame(deps, shown.files, includeGone)
  left.push(...files.left)
  const { busy, busyFiles, account } = await parts.removal.look({ images: whole, files: files.same })
  const skipped = new Map<string, LeftImage['why']>()
  for (const key of account.notFound) skipped.set(imageText(key), 'gone')
  for (const key of account.pinned) skipped.set(imageText(key), 'pinned')
  for (const key of busy) skipped.set(imageText(key), 'in_use')
  for (const file of account.lostFiles) skipped.set(fileText(file), 'gone')
  for (const file of busyFiles) skipped.set(fileText(file), 'in_use')
  const stays = (name: string, text: string): boolean => {
    const why = skipped.get(text)
    if (why !== undefined) left.push({ name, why })
    return why !== undefined
  }
  return {
    images: whole.filter((image) => !stays(image.name, imageText(image))),
    files: files.same.filter((file) => !stays(file.name, fileText(file))),
    left,
    account,
    alone: kept.flatMap(({ names }) => names),
  }
}

/** One eviction of what can come back and what cannot, by what can; nothing where nothing went. */
function evictedOf(deps: ApiDeps, rows: readonly EvictionRow[], who: string) {
  const [first] = rows
  if (first === undefined) {
    const none = { images: 0, files: 0, objects: 0, bytes: 0 }
    return { id: '', at: deps.clock(), who, names: [], ...none, undoUntil: undefined }
  }
  const sum = (key: 'files' | 'objects' | 'bytes'): number => rows.reduce((all, row) => all + row[key], 0)
  const names = rows.flatMap((row) => row.names)
  return {
    ...toEviction(deps, first),
    names,
    files: sum('files'),
    objects: sum('objects'),
    bytes: sum('bytes'),
  }
}

function say({ log }: ApiDeps, evicted: Evicted, mode: EvictAsk['mode']): void {
  const { id, who, images, files, objects, bytes, namesOnly } = evicted
  const tags = namesOnly === 0 ? '' : `, ${namesOnly} tags alone`
  const undoable = mode === 'undo' ? ', kept for undo' : ''
  const text = `evicted ${thingsOf(evicted)}, ${formatBytes(bytes)}${tags}${undoable}`
  log.info({ event: 'evict', id, who, images, files, objects, bytes, namesOnly, mode }, text)
}

/** "3 images, 2 files" */
export function thingsOf({ images, files }: { readonly images: number; readonly files: number }): string {
  if (files === 0) return `${images} images`
  return images === 0 ? `${files} files` : `${images} images, ${files} files`
}

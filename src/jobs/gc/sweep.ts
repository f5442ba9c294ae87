import type { Left } from '../../cache/leaving.ts'
import { type BlobList, sliceBlobs } from '../../db/accounts/blob-list.ts'
import type { ExpiredEntry } from '../../db/accounts/expired.ts'
import type { PlannedContent } from '../../db/accounts/plan-shape.ts'
import { onDisk } from '../../domain/blocks.ts'
import type { Watch } from '../watch.ts'
import type { GcDeps } from './deps.ts'
import { createParting } from './parting.ts'
import type { Survey } from './survey.ts'

/** Rows changed in one transaction. */
const PAGE = 200
/** Images taken out at once. */
const IMAGES = 50
/** Blobs handed on at once: what they leave in the log of the index is some 16 MiB. */
const SHEAF = 500

/** Does what a survey found, as far as it is still true. Returns what really went. */
export type Sweep = (found: Survey, watch: Watch) => Promise<Left>

export function createSweep(deps: GcDeps): Sweep {
  const parting = createParting(deps)
  return async (found, watch) => {
    const { plan } = found
    const tally = createTally(found, watch)
    const pause = createPause(deps, watch)
    const inPages = createPages({ pause, tally })
    await emptyTrash(deps, found, tally)
    await sweepStrays(deps, found, tally)
    await sweepMissing(deps, found, tally)
    await sweepParts(deps, found, tally)
    for (const id of plan.evicted.ids) tally('evicted', await deps.undo.free(id))
    await sweepEntries(deps, plan.expired.entries, { pause, tally })
    await inPages(plan.replaced.images, 'replaced', deps.removal.removeReplaced)
    await inPages(plan.untagged.images, 'untagged', parting.removeUntagged)
    await inPages(plan.platform.images, 'platform', parting.removeParts)
    await sweepContent(deps, plan.unused, { pause, tally: (left) => tally('unused', left) })
    for (const over of plan.over)
      await sweepOver(deps, over, { pause, tally: (left) => tally(over.upstream, left) })
    await sweepContent(deps, plan.coldest, { pause, tally: (left) => tally('coldest', left) })
    return tally('', { objects: 0, bytes: 0 })
  }
}

/** Images taken out page by page. */
function createPages({ pause, tally }: { pause: Pause; tally: Tally }) {
  return async <T>(
    images: readonly T[],
    subject: string,
    remove: (page: readonly T[]) => Promise<Left>,
  ): Promise<void> => {
    for (let at = 0; at < images.length; at += IMAGES) {
      await pause()
      tally(subject, await remove(images.slice(at, at + IMAGES)))
    }
  }
}

/** Counts and tells; throws once nobody wants it to go on. */
type Tally = (subject: string, left: Left) => Left

function createTally({ rows }: Survey, watch: Watch): Tally {
  const total = rows.reduce((sum, row) => sum + row.objects, 0)
  const bytesTotal = rows.reduce((sum, row) => sum + row.frees, 0)
  let done = 0
  let bytes = 0
  return (subject, left) => {
    done += left.objects
    bytes += left.bytes
    if (left.objects > 0) watch.progress({ subject, done, total, bytes, bytesTotal })
    watch.signal.throwIfAborted()
    return { objects: done, bytes }
  }
}

/** Call before each page: waits while the log of the index is long. Throws once nobody wants it to go on. */
type Pause = () => Promise<void>

function createPause({ index }: GcDeps, { signal }: Watch): Pause {
  return async () => {
    await index.calm(signal)
    signal.throwIfAborted()
  }
}

/** Between the pages of one subject, and after each. */
interface Steps {
  readonly pause: Pause
  readonly tally: (left: Left) => void
}

async function emptyTrash(
  { leaving, store, ledger }: GcDeps,
  { trash }: Survey,
  tally: Tally,
): Promise<void> {
  if (trash.count === 0) return
  await leaving.free()
  const left = await store.trashed()
  ledger.used = Math.max(0, ledger.used)
  tally('trash', { objects: trash.count - left.count, bytes: trash.bytes - left.bytes })
}

/** Landing renames and adds the row in one transaction, so a file without a row in a transaction is nobody's. */
async function sweepStrays(
  { index, store, leaving }: GcDeps,
  { strays }: Survey,
  tally: Tally,
): Promise<void> {
  for (let at = 0; at < strays.files.length; at += PAGE) {
    const page = strays.files.slice(at, at + PAGE)
    const gone = await index.transact(() => {
      const lost = page.filter(
        ({ digest }) =>
          digest === undefined || (index.blobs.find(digest) === undefined && store.hasFile(digest)),
      )
      for (const { path } of lost) store.retireFile(path)
      return lost
    })
    await leaving.free()
    tally('strays', { objects: gone.length, bytes: gone.reduce((sum, { bytes }) => sum + bytes, 0) })
  }
}

async function sweepMissing(deps: GcDeps, { strays }: Survey, tally: Tally): Promise<void> {
  const { index, store, budgets, ledger } = deps
  for (let at = 0; at < strays.missing.length; at += PAGE) {
    const page = strays.missing.slice(at, at + PAGE)
    const gone = await index.transact(() => {
      const lost = page.filter(
        ({ digest }) => !store.hasFile(digest) && index.blobs.find(digest) !== undefined,
      )
      for (const { digest, size } of lost) {
        budgets.loses(digest, size)
        index.blobs.remove(digest)
      }
      return lost
    })
    for (const { size } of gone) ledger.used -= onDisk(size)
    tally('missing', { objects: gone.length, bytes: 0 })
  }
}

async function sweepParts(deps: GcDeps, { parts, quarantined }: Survey, tally: Tally): Promise<void> {
  const { store, ledger } = deps
  for (const part of parts) {
    const bytes = await store.dropParked(part)
    ledger.used -= bytes
    tally('parts', { objects: bytes > 0 || part.size === 0 ? 1 : 0, bytes })
  }
  for (const file of quarantined) {
    const bytes = await store.dropQuarantined(file)
    ledger.used -= bytes
    tally('quarantine', { objects: 1, bytes })
  }
}

async function sweepEntries(
  { index, leaving, budgets }: GcDeps,
  entries: readonly ExpiredEntry[],
  { pause, tally }: { pause: Pause; tally: Tally },
): Promise<void> {
  for (let at = 0; at < entries.length; at += PAGE) {
    await pause()
    const page = entries.slice(at, at + PAGE)
    const gone = await index.transact(() => {
      let bytes = 0
      let objects = 0
      for (const { key, digest, checkedAt, usedAt } of page) {
        const standing = index.blobs.standing(digest)
        if (usedAt !== undefined && standing !== undefined && standing.usedAt > usedAt) continue
        if (!budgets.dropping(key, () => index.entries.removeUnchanged(key, checkedAt))) continue
        objects++
        const blob = index.blobs.find(digest)
        const isLast = blob !== undefined && !index.holdings.isNeeded(digest)
        if (!isLast || !leaving.mayGo({ digest, size: blob.size, usedAt: Number.POSITIVE_INFINITY })) continue
        leaving.take({ digest, size: blob.size })
        bytes += onDisk(blob.size)
      }
      return { objects, bytes }
    })
    leaving.took(gone.bytes)
    await leaving.free()
    tally('expired', gone)
  }
}

/** What was looked at, mirrors last: each is one step. */
async function sweepContent(
  { leaving, annex }: GcDeps,
  { blobs, mirrors }: PlannedContent,
  { pause, tally }: Steps,
): Promise<void> {
  for (let at = 0; at < blobs.sizes.length; at += SHEAF) {
    await pause()
    tally(await leaving.leave(sliceBlobs(blobs, at, at + SHEAF), { gentle: true }))
  }
  for (const { name, usedAt } of mirrors) {
    const now = (await annex.list()).find((one) => one.name === name)
    if (now === undefined || now.usedAt > usedAt || annex.isPinned(name)) continue
    const bytes = await annex.evict(name)
    tally({ objects: bytes === 0 ? 0 : 1, bytes })
  }
}

/** The names of one upstream go; a blob that another one needs stays on disk. */
async function sweepOver(
  { index, leaving, budgets }: GcDeps,
  { blobs, upstream }: { blobs: BlobList; upstream: string },
  { pause, tally }: Steps,
): Promise<void> {
  for (let at = 0; at < blobs.sizes.length; at += PAGE) {
    await pause()
    const gone = await index.transact(() => {
      let objects = 0
      let bytes = 0
      for (const blob of sliceBlobs(blobs, at, at + PAGE)) {
        if (!leaving.mayGo(blob)) continue
        objects++
        budgets.released(upstream, blob.size)
        if (index.holdings.release(upstream, blob.digest)) continue
        leaving.take(blob)
        bytes += onDisk(blob.size)
      }
      return { objects, bytes }
    })
    leaving.took(gone.bytes)
    await leaving.free()
    tally(gone)
  }
}

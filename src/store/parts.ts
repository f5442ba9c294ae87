import fs from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { onDisk } from '../domain/blocks.ts'
import type { Digest, Sha256 } from '../domain/digest.ts'
import { isMissing, openFile, stampOf, statFile, unlinkIfThere } from './file.ts'
import type { Layout } from './layout.ts'
import { Part } from './part.ts'
import { BOOT, isNamed, isTrusted, labelled, labelOf, type PartLabel } from './part-name.ts'
import { uniqueName } from './unique.ts'

/** A part that nobody writes. */
export interface ParkedPart {
  readonly name: string
  readonly size: number
  /** When it was last written, milliseconds since the epoch by the clock of the volume. */
  readonly at: number
}

/** Content on its way in. */
export interface Parts {
  /**
   * A part to write into. The owner of the folder continues the file that an earlier download of the same id left, with
   * the validator that was kept with it; anybody else starts a file of its own. Throws when the disk fails.
   */
  begin(id: string, expected: Digest | undefined): Promise<Part>
  /** Moves a whole part to its final name and returns the stamp. Synchronous: belongs inside the transaction that adds the row. */
  place(part: Part, digest: Sha256): number
  discard(part: Part): Promise<void>
  /**
   * Keeps with a part what it takes to continue it where its name says nothing about its content, or that nothing does:
   * call before bytes of other content are written. Synchronous.
   */
  label(part: Part, validator: string | undefined): void
  /** Nobody writes into it any more; its file stays for the next download of the same id. */
  park(part: Part): Promise<void>
  /** Parts that nobody writes, oldest first. Empty for all but the owner of the folder. */
  parked(): Promise<readonly ParkedPart[]>
  /** Removes a part unless it was written again meanwhile; returns how many bytes of disk that freed. */
  dropParked(part: ParkedPart): Promise<number>
  /** Removes the parts of an earlier run that nobody can continue. Call before the first part is begun. */
  sweepParts(): Promise<void>
  /** What the parts that are being written have on disk, in bytes; what earlier runs left in them is not counted. */
  grownBytes(): number
  /** What all parts take on disk, in bytes. */
  partBytes(): Promise<number>
}

export function createParts(layout: Layout, isOwner: () => boolean): Parts {
  const growing = new Map<string, Part | undefined>()
  const parked = async (): Promise<readonly ParkedPart[]> =>
    isOwner() ? (await listParked(layout)).filter(({ name }) => !growing.has(name)) : []
  /** The part keeps its file under a name that says how it can be continued. */
  const rename = (part: Part, validator: string | undefined, synced: number | undefined): void => {
    const id = labelOf(part.id)?.id ?? part.id
    if (!isNamed(id)) return
    const name = validator === undefined ? id : labelled({ id, validator, synced, boot: BOOT })
    part.validator = name === undefined ? undefined : validator
    moveTo(part, name ?? id)
  }
  const moveTo = (part: Part, name: string): void => {
    if (name === part.id) return
    fs.renameSync(part.path, layout.part(name))
    growing.set(name, part)
    growing.delete(part.id)
    part.id = name
    part.path = layout.part(name)
  }
  return {
    begin: async (id, expected) => {
      const label = isOwner() && isNamed(id) ? await findLabel(layout, id) : undefined
      const name = label?.name ?? (isOwner() ? id : `${id}.${uniqueName()}`)
      // Before anything is awaited, so that nobody drops the file that is about to be opened.
      growing.set(name, undefined)
      try {
        const part = await beginPart(layout, name, expected)
        if (label !== undefined && isTrusted(label, part.size)) part.validator = label.validator
        growing.set(name, part)
        return part
      } catch (error) {
        growing.delete(name)
        throw error
      }
    },
    label: (part, validator) => rename(part, validator, undefined),
    place: (part, digest) => {
      const stamp = placePart(part, layout.blob(digest))
      growing.delete(part.id)
      return stamp
    },
    discard: async (part) => {
      growing.delete(part.id)
      await unlinkIfThere(part.path)
    },
    park: async (part) => {
      if (part.validator !== undefined) {
        await part.sync()
        rename(part, part.validator, part.size)
      }
      growing.delete(part.id)
    },
    parked,
    dropParked: async (part) => {
      const now = await stat(layout.part(part.name)).catch(() => undefined)
      const isSame = now?.size === part.size && now.mtimeMs === part.at
      if (!isSame || growing.has(part.name)) return 0
      return (await unlinkIfThere(layout.part(part.name))) ? onDisk(part.size) : 0
    },
    sweepParts: async () => {
      for (const { name, size } of await parked())
        if (!isContinuable(name, size)) await unlinkIfThere(layout.part(name))
    },
    grownBytes: () => {
      let bytes = 0
      for (const part of growing.values()) bytes += part === undefined ? 0 : part.size - part.adopted
      return bytes
    },
    partBytes: () => partBytes(layout),
  }
}

/** Named after their content, or labelled; all others were written in one go, or by a process that is gone. */
function isContinuable(name: string, size: number): boolean {
  const label = labelOf(name)
  return label === undefined ? /^sha(256|512)-[0-9a-f]+$/.test(name) : isTrusted(label, size)
}

/** The file that an earlier download of this id left, as far as it can be continued. */
async function findLabel(layout: Layout, id: string): Promise<(PartLabel & { name: string }) | undefined> {
  for (const name of await readdir(layout.parts)) {
    const label = name.startsWith(id) ? labelOf(name) : undefined
    if (label !== undefined) return { ...label, name }
  }
  return undefined
}

/** Other processes may still write theirs, whose names have a dot; nobody writes for an hour without a pause. */
const LEFT_BEHIND = 60 * 60 * 1000

async function listParked(layout: Layout): Promise<ParkedPart[]> {
  const parts: ParkedPart[] = []
  for (const name of await readdir(layout.parts)) {
    const stats = await stat(layout.part(name)).catch(() => undefined)
    if (stats === undefined || (name.includes('.') && Date.now() - stats.mtimeMs < LEFT_BEHIND)) continue
    parts.push({ name, size: stats.size, at: stats.mtimeMs })
  }
  return parts.sort((a, b) => a.at - b.at)
}

async function beginPart(layout: Layout, id: string, expected: Digest | undefined): Promise<Part> {
  const path = layout.part(id)
  const fd = await openFile(path, fs.constants.O_RDWR | fs.constants.O_CREAT | fs.constants.O_NOFOLLOW)
  const part = new Part({ id, path, fd, expected })
  try {
    const { size } = await statFile(fd)
    if (size > 0) part.adopt(size)
    return part
  } catch (error) {
    part.release()
    throw error
  }
}

function placePart(part: Part, path: string): number {
  try {
    fs.renameSync(part.path, path)
  } catch (error) {
    if (!isMissing(error)) throw error
    fs.mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    fs.renameSync(part.path, path)
  }
  return stampOf(fs.statSync(path))
}

async function partBytes(layout: Layout): Promise<number> {
  await mkdir(layout.parts, { recursive: true })
  let bytes = 0
  for (const name of await readdir(layout.parts)) {
    const stats = await stat(layout.part(name)).catch(() => undefined)
    bytes += onDisk(stats?.size ?? 0)
  }
  return bytes
}

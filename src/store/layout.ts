import { join } from 'node:path'
import { hexOf, type Sha256 } from '../domain/digest.ts'

/**
 * data/
 *   cachalot.db                     index, WAL
 *   cachalot.lock                   held by the process that owns the folder
 *   blobs/sha256/ab/<64 hex>        finished, named by content, never modified
 *   parts/<id>                      growing, continued after a crash
 *   trash/                          leaving
 *   git/<40 hex>.git                mirrors of repositories, git/key signs links
 *   quarantine/                     damaged, kept a while for whoever wants to know why
 */
export interface Layout {
  readonly root: string
  readonly index: string
  readonly lock: string
  readonly blobs: string
  readonly parts: string
  readonly trash: string
  readonly quarantine: string
  readonly git: string
  blob(digest: Sha256): string
  part(id: string): string
  trashed(digest: Sha256, unique: string): string
  quarantined(digest: Sha256, unique: string): string
}

export function layoutOf(root: string): Layout {
  const blobs = join(root, 'blobs', 'sha256')
  const parts = join(root, 'parts')
  const trash = join(root, 'trash')
  const quarantine = join(root, 'quarantine')
  return {
    root,
    index: join(root, 'cachalot.db'),
    lock: join(root, 'cachalot.lock'),
    blobs,
    parts,
    trash,
    quarantine,
    git: join(root, 'git'),
    blob: (digest) => join(blobs, hexOf(digest).slice(0, 2), hexOf(digest)),
    part: (id) => join(parts, id),
    trashed: (digest, unique) => join(trash, `${hexOf(digest)}.${unique}`),
    quarantined: (digest, unique) => join(quarantine, `${hexOf(digest)}.${unique}`),
  }
}

import { MIB } from '../../domain/units.ts'
import { quoted, type ZipEntry, ZipProblem } from './zip-directory.ts'

/** Bytes of all files of a module together, packed and unpacked (golang.org/x/mod/zip, MaxZipFile). */
export const LARGEST_ZIP = 500 * MIB

/**
 * What go demands of a module's zip before it unpacks anything (golang.org/x/mod/zip, CheckZip): every name below
 * "module@version/", none that some file system takes for another, and a bounded size. Throws ZipProblem.
 */
export function checkNames(entries: readonly ZipEntry[], prefix: string): void {
  const known = new Map<string, Known>()
  let total = 0
  for (const { name, size } of entries) {
    total += size
    if (!name.startsWith(prefix)) throw new ZipProblem(`${quoted(name)} is not below ${quoted(prefix)}`)
    const path = name.slice(prefix.length)
    checkName(name, path)
    const kind = path === '' || path.endsWith('/') ? 'folder' : 'file'
    noteNames(known, { path: path.replace(/\/$/, ''), kind })
  }
  if (total > LARGEST_ZIP) throw new ZipProblem(`its files have more than ${LARGEST_ZIP} bytes`)
}

interface Known {
  readonly path: string
  readonly kind: 'file' | 'folder'
}

/** A name and the folders above it, as file systems that ignore case see them. */
function noteNames(known: Map<string, Known>, { path, kind }: Known): void {
  const folded = path.toUpperCase().toLowerCase()
  const other = known.get(folded)
  if (other !== undefined && (other.path !== path || other.kind === 'file' || kind === 'file'))
    throw new ZipProblem(`${quoted(path)} and ${quoted(other.path)} are one name on some systems`)
  if (other !== undefined) return
  known.set(folded, { path, kind })
  const slash = path.lastIndexOf('/')
  if (slash > 0) noteNames(known, { path: path.slice(0, slash), kind: 'folder' })
}

function checkName(name: string, path: string): void {
  const isPlain = !/[\p{Cc}\\]/u.test(name)
  const elements = path.replace(/\/$/, '').split('/')
  const isClean = path === '' || elements.every((element) => !UNCLEAN.has(element))
  if (!isPlain || !isClean)
    throw new ZipProblem(`${quoted(name)} is no name that a file of a module may have`)
}

const UNCLEAN = new Set(['', '.', '..'])

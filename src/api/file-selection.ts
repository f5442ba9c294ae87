import { z } from 'zod'
import type { ChosenFile, FileMatchAsk } from '../db/accounts/file-matching.ts'
import { MINUTE } from '../domain/clock.ts'
import type { Condition } from '../domain/condition.ts'
import { AppError } from '../domain/errors.ts'
import { createFileGlobs, fullFilePattern } from '../domain/file-globs.ts'
import { type FileKind, type FileName, parseFullName, type WholeFileName } from '../domain/file-names.ts'
import { isProtocolName } from '../domain/protocol-names.ts'
import { because } from '../domain/reasons.ts'
import type { ApiDeps } from './deps.ts'
import { filePins, mirrorsOf } from './file-rows.ts'
import { isGlob } from './pattern.ts'
import { conditionsOf, MOST, undoneSince } from './selection.ts'

export const fileKind = z.enum(['go', 'github', 'hf', 'git'])

export interface FileSelectionAsk {
  /** Files, whole repositories ("hf:org/model") or globs ("go:golang.org/x/**"); none: all there are. */
  readonly names: readonly string[]
  /** With names, both must hold. */
  readonly filter?: string | undefined
  readonly kind?: FileKind | undefined
  /** Names of what stays. */
  readonly exclude: readonly string[]
}

export interface SelectedFiles {
  /** Mirrors among them have no `file`. */
  readonly files: readonly ChosenFile[]
  /** Names that nothing matches. */
  readonly notFound: readonly string[]
}

/** Words of a filter that only images can be. */
const IMAGES_ONLY: ReadonlySet<Condition['kind']> = new Set([
  'untagged',
  'tagged',
  'partial',
  'complete',
  'replaced',
  'moved',
  'platform',
])
/** Sizes by which files are chosen may be so old. */
const SIZES_AGE = 10 * MINUTE

/** As `conditionsOf`. Throws AppError `bad_request` also for words that are about images. */
export function fileConditionsOf(
  deps: Pick<ApiDeps, 'clock'>,
  filter: string | undefined,
): readonly Condition[] {
  const conditions = conditionsOf(deps, filter)
  const wrong = conditions.find(({ kind }) => IMAGES_ONLY.has(kind))
  if (wrong === undefined) return conditions
  const word = wrong.kind === 'platform' ? `platform:${wrong.name}` : wrong.kind
  throw new AppError('bad_request', because('filter_images_only', { word }))
}

/** What somebody types to find files, as a glob on their names. */
export function globOf(q: string): string {
  if (!isGlob(q)) return `**${q}**`
  return isProtocolName(q) ? fullFilePattern(q) : q
}

/** The files that a selection means at this moment. Throws AppError for filters that are malformed, and for too many. */
export async function selectFiles(deps: ApiDeps, ask: FileSelectionAsk): Promise<SelectedFiles> {
  const { names, filter, kind, exclude } = ask
  const literal = await calledLikeGlobs(deps, names)
  const plain = names.filter((name) => !isGlob(name) || literal.has(name))
  const globs = names.filter((name) => isGlob(name) && !literal.has(name))
  const parsed = plain.map(parseFullName)
  const known = parsed.filter((name) => name !== undefined)
  // Names that are none mean nothing, rather than everything.
  if (names.length > 0 && known.length + globs.length === 0) return { files: [], notFound: names }
  const found = await match(deps, {
    names: known,
    globs: globs.map(fullFilePattern),
    conditions: fileConditionsOf(deps, filter),
    ...(kind === undefined ? {} : { kind }),
  })
  const byName = new Map(
    known.map((name, at): [FileName, readonly ChosenFile[]] => [name, found.byName[at] ?? []]),
  )
  const isLost = (_: string, at: number): boolean => {
    const name = parsed[at]
    return name === undefined || byName.get(name)?.length === 0
  }
  const notFound = [...plain.filter(isLost), ...globs.filter((_, at) => found.byGlob[at]?.length === 0)]
  const files = new Map(
    [...found.byName, ...found.byGlob].flat().map((file) => [file.name + file.file, file]),
  )
  refuseMany(files.size)
  return { files: [...files.values()].filter(createStays(exclude)), notFound }
}

/** Names of files that are here and look like globs: whoever picks one of them from a list means no other. */
async function calledLikeGlobs({ index }: ApiDeps, names: readonly string[]): Promise<ReadonlySet<string>> {
  const found = names.filter(isGlob).flatMap((text): { text: string; name: WholeFileName }[] => {
    const name = parseFullName(text)
    return name?.file === undefined ? [] : [{ text, name: { ...name, file: name.file } }]
  })
  if (found.length === 0) return new Set()
  const here = await index.clerk.ask('fileStandings', { files: found.map(({ name }) => name) })
  return new Set(found.flatMap(({ text }, at) => (here[at] === undefined ? [] : [text])))
}

async function match(
  deps: ApiDeps,
  ask: Pick<FileMatchAsk, 'names' | 'globs' | 'conditions' | 'kind'>,
): Promise<Exclude<Awaited<ReturnType<typeof askFor>>, { tooMany: number }>> {
  const found = await askFor(deps, ask)
  if ('tooMany' in found) throw tooMany(found.tooMany)
  return found
}

async function askFor(deps: ApiDeps, ask: Pick<FileMatchAsk, 'names' | 'globs' | 'conditions' | 'kind'>) {
  const { index, clock } = deps
  const notBefore = Math.max(clock() - SIZES_AGE, undoneSince(deps))
  const rest = { pins: filePins(deps), mirrors: await mirrorsOf(deps), most: MOST, notBefore }
  return await index.clerk.ask('matchingFiles', { ...ask, ...rest })
}

function refuseMany(files: number): void {
  if (files > MOST) throw tooMany(files)
}

function tooMany(files: number): AppError {
  return new AppError('bad_request', because('many_files', { files, most: MOST }))
}

/** Whether a file is none of those that are excluded. */
function createStays(exclude: readonly string[]): (file: ChosenFile) => boolean {
  if (exclude.length === 0) return () => true
  const globs = createFileGlobs(exclude.map((name) => ({ match: fullFilePattern(name), value: true })))
  return ({ frontEnd: kind, repository, file }) =>
    globs.ofName({ kind, repository, file: file === '' ? undefined : file }).next().done === true
}

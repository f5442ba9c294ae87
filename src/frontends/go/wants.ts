import type { Freshness, Missing, Want } from '../../cache/want.ts'
import { MINUTE } from '../../domain/clock.ts'
import type { EntryKey } from '../../domain/names.ts'
import { KIB, MIB } from '../../domain/units.ts'
import { encodeElement, escapeName } from './escape.ts'
import type { GoResource, SumdbAsk } from './path.ts'
import type { GoDatabase } from './settings.ts'
import { sizeOfTile } from './tile.ts'
import { LARGEST_ZIP } from './zip-names.ts'

/** What is asked of a module, as opposed to a checksum database. */
export type ModuleResource = Exclude<GoResource, { kind: 'sumdb' }>

const IMMUTABLE: Freshness = { kind: 'immutable' }
/** As large as go itself takes them (golang.org/x/mod/zip, MaxGoMod). */
const LARGEST_MOD = 16 * MIB
const LARGEST_LIST = 16 * MIB
const LARGEST_INFO = MIB
const LARGEST_LOOKUP = 64 * KIB
const LARGEST_RECORDS = 4 * MIB
/** Heads of a log: clients take an older one for what it is. */
const LATEST_TTL = MINUTE

/** The name under which a file of a module is known here. */
export function moduleKey(module: string, ref: string): EntryKey {
  return { frontEnd: 'go', upstream: 'go', repository: module, kind: 'file', ref }
}

/** The rest of a module's name: "@v/v1.0.0.zip". */
export function refOf(resource: ModuleResource): string {
  if (resource.kind === 'list') return '@v/list'
  if (resource.kind === 'latest') return '@latest'
  return resource.kind === 'query' ? `@v/${resource.query}.info` : `@v/${resource.version}.${resource.suffix}`
}

/** How to get a file of a module from one upstream. */
export function moduleWant(
  resource: ModuleResource,
  upstream: string,
  options: { readonly listTtl: number; readonly whenDeleted: 'keep' | 'follow' },
): Want {
  const module = resource.module.split('/').map(escapeName).join('/')
  return {
    ...common(upstream, `/${module}/${addressOf(resource)}`),
    key: moduleKey(resource.module, refOf(resource)),
    freshness: resource.kind === 'file' ? IMMUTABLE : revalidate(options.listTtl, options.whenDeleted),
    maxBytes: largestOf(resource),
  }
}

/** As `refOf`, in the spelling of addresses. */
function addressOf(resource: ModuleResource): string {
  if (resource.kind === 'query') return `@v/${encodeElement(escapeName(resource.query))}.info`
  if (resource.kind === 'file') return `@v/${encodeElement(escapeName(resource.version))}.${resource.suffix}`
  return refOf(resource)
}

function largestOf(resource: ModuleResource): number {
  if (resource.kind === 'list') return LARGEST_LIST
  if (resource.kind !== 'file' || resource.suffix === 'info') return LARGEST_INFO
  return resource.suffix === 'mod' ? LARGEST_MOD : LARGEST_ZIP
}

/** How to get a file of a checksum database. Records and tiles are there for good, only the head of the log moves. */
export function sumdbWant(
  { name, upstream }: GoDatabase,
  ask: Exclude<SumdbAsk, { kind: 'supported' }>,
): Want {
  const ref = sumdbRef(ask)
  const repository = `sumdb/${name}`
  const lookup = ask.kind === 'lookup' ? `lookup/${escapeName(ask.module)}@${escapeName(ask.version)}` : ref
  return {
    ...common(upstream, `/${lookup}`),
    key: { frontEnd: 'go', upstream: 'go', repository, kind: 'file', ref },
    freshness: ask.kind === 'latest' ? revalidate(LATEST_TTL, 'keep') : IMMUTABLE,
    maxBytes: ask.kind === 'tile' ? (sizeOfTile(ask.tile) ?? LARGEST_RECORDS) : LARGEST_LOOKUP,
  }
}

function sumdbRef(ask: Exclude<SumdbAsk, { kind: 'supported' }>): string {
  if (ask.kind === 'lookup') return `lookup/${ask.module}@${ask.version}`
  return ask.kind === 'tile' ? ask.path : 'latest'
}

/** go shows the message; that of an upstream stands behind it. */
const MISSING: Missing = {
  code: 'not_found',
  message: 'no such module or version',
  hint: 'check its path and version; a private module needs go.private and an upstream of its own ([[go.upstream]])',
}

function common(upstream: string, path: string) {
  return {
    // Credentials of an upstream are for everything that it is asked for.
    request: { upstream, path, withToken: true },
    digest: undefined,
    missing: MISSING,
    keepHeaders: [],
  } as const
}

/** However old: a list of versions that is incomplete is better than none. */
function revalidate(ttl: number, whenDeleted: 'keep' | 'follow'): Freshness {
  return { kind: 'revalidate', ttl, staleIfError: Infinity, whenDeleted, by: 'etag', metered: false }
}

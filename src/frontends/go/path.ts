import { AppError } from '../../domain/errors.ts'
import { decodeElement, unescapeName } from './escape.ts'
import { isModulePath } from './module-path.ts'
import { parseTile, type Tile } from './tile.ts'
import { isCanonical, isLookupVersion, isQuery } from './version.ts'

export type Suffix = 'info' | 'mod' | 'zip'

/** What a path of the module proxy names; names are unescaped. */
export type GoResource =
  | { readonly kind: 'list'; readonly module: string }
  | { readonly kind: 'latest'; readonly module: string }
  /** A branch, a commit or a prefix, which leads to a version. */
  | { readonly kind: 'query'; readonly module: string; readonly query: string }
  | { readonly kind: 'file'; readonly module: string; readonly version: string; readonly suffix: Suffix }
  | { readonly kind: 'sumdb'; readonly database: string; readonly ask: SumdbAsk }

/** What is asked of a checksum database. */
export type SumdbAsk =
  | { readonly kind: 'supported' }
  | { readonly kind: 'latest' }
  | { readonly kind: 'lookup'; readonly module: string; readonly version: string }
  | { readonly kind: 'tile'; readonly path: string; readonly tile: Tile }

const LONGEST = 2048

/**
 * The raw path of a module proxy's request (go.dev/ref/mod, "GOPROXY protocol"), or undefined for a path that is none of
 * ours. Throws AppError `name_invalid` for what no client of this protocol asks for.
 */
export function parseGoPath(path: string): GoResource | undefined {
  if (path !== '/go' && !path.startsWith('/go/')) return undefined
  if (path.length > LONGEST) throw invalid('the path is too long')
  const elements = path.slice('/go/'.length).split('/').map(decode)
  return elements[0] === 'sumdb' ? parseSumdb(elements.slice(1)) : parseModuleFile(elements)
}

function decode(element: string): string {
  const text = decodeElement(element)
  if (text === undefined) throw invalid('the path has an element that no module has')
  return text
}

function parseModuleFile(elements: readonly string[]): GoResource {
  const last = elements.at(-1) ?? ''
  if (last === '@latest') return { kind: 'latest', module: moduleOf(elements.slice(0, -1)) }
  if (elements.at(-2) !== '@v') throw invalid('no such file: a module has @v/ and @latest')
  const module = moduleOf(elements.slice(0, -2))
  return last === 'list' ? { kind: 'list', module } : parseVersionFile(module, last)
}

function parseVersionFile(module: string, file: string): GoResource {
  const [, escaped = '', suffix = ''] = /^(.+)\.(info|mod|zip)$/s.exec(file) ?? []
  const version = unescapeName(escaped)
  if (version === undefined || !isSuffix(suffix))
    throw invalid('no such file: versions have .info, .mod and .zip')
  if (isCanonical(module, version)) return { kind: 'file', module, version, suffix }
  if (suffix === 'info' && isQuery(version)) return { kind: 'query', module, query: version }
  throw invalid(`${version} is no version of this module`)
}

function isSuffix(text: string): text is Suffix {
  return text === 'info' || text === 'mod' || text === 'zip'
}

function moduleOf(elements: readonly string[]): string {
  const module = unescapeName(elements.join('/'))
  if (module === undefined || !isModulePath(module)) throw invalid('malformed module path')
  return module
}

/** The name of a database may have slashes; what is asked of it begins with one of four words. */
function parseSumdb(elements: readonly string[]): GoResource {
  const at = elements.findIndex((element) => WORDS.has(element))
  const database = elements.slice(0, at).join('/')
  if (at < 1 || !/^[a-z0-9][a-z0-9./:-]*$/i.test(database))
    throw invalid('no such file of a checksum database')
  const [word, ...rest] = elements.slice(at)
  return { kind: 'sumdb', database, ask: parseAsk(word ?? '', rest) }
}

const WORDS = new Set(['supported', 'latest', 'lookup', 'tile'])

function parseAsk(word: string, rest: readonly string[]): SumdbAsk {
  if (word === 'lookup') return parseLookup(rest.join('/'))
  if (word === 'tile') {
    const path = ['tile', ...rest].join('/')
    const tile = parseTile(path)
    if (tile === undefined) throw invalid('malformed tile')
    return { kind: 'tile', path, tile }
  }
  if (rest.length > 0) throw invalid('no such file of a checksum database')
  return word === 'latest' ? { kind: 'latest' } : { kind: 'supported' }
}

function parseLookup(text: string): SumdbAsk {
  const at = text.lastIndexOf('@')
  const module = unescapeName(text.slice(0, Math.max(0, at)))
  const version = unescapeName(text.slice(at + 1))
  const isWhole = module !== undefined && version !== undefined && at > 0
  if (isWhole && isModulePath(module) && isLookupVersion(version)) return { kind: 'lookup', module, version }
  throw invalid('malformed lookup: it is module@version')
}

function invalid(message: string): AppError {
  return new AppError('name_invalid', { message })
}

import type { Target } from '../domain/access.ts'
import { createGlob, namesReference } from '../domain/glob.ts'
import { DOCKER_HUB } from '../domain/names.ts'
import { isProtocolName, protocolNameProblem } from '../domain/protocol-names.ts'

/** The part of an upstream that names are made of. */
export interface KnownUpstream {
  readonly name: string
  readonly aliases: readonly string[]
}

export interface Pattern {
  matches(target: Target): boolean
  /** Whether it may match some references of a name and others not. */
  tellsApart(name: string): boolean
  /** How much of what this upstream has it may match. */
  reach(upstream: string): 'all' | 'some' | 'none'
  /** Why it can never match; undefined where it can. */
  readonly warning: string | undefined
}

export interface PatternOptions extends Known {
  /** Of its rule. */
  readonly effect: 'allow' | 'deny'
}

/** What names can begin with. */
export interface Known {
  readonly upstreams: readonly KnownUpstream[]
  /** Servers whose repositories git may clone from here; undefined: not looked at. */
  readonly gitHosts?: readonly string[]
}

/**
 * A pattern on names: "*" and "?" within a component, "**" across, upper and lower case alike. A "/**" at the end means
 * also the name before it. Aliases of upstreams, "docker.io/nginx" for "docker.io/library/nginx" and "hf:models/a/b" for
 * "hf:a/b" are understood. Names of other protocols than the registry's have no tags.
 *
 * With a tag ("docker.io/library/nginx:1.*") it is about what is asked for by such a tag. Clients ask for everything
 * but the first manifest by digest, which belongs to no tag in particular. So a rule that allows a tag allows the
 * digests of that repository too, and one that denies a tag does not deny them: a tag is refused to those who ask for
 * it, not to those who know its digest. To keep content away from somebody, deny the repository.
 */
export function createPattern(written: string, { effect, ...known }: PatternOptions): Pattern {
  const folded = written.trim().toLowerCase()
  const isRegistry = !isProtocolName(folded)
  const text = isRegistry ? canonical(folded, known.upstreams) : folded.replace(/^hf:models\//, 'hf:')
  const warning = isRegistry
    ? problemOf(text, { written, ...known })
    : protocolProblemOf(text, { written, ...known })
  const reach = isRegistry ? reachOf(text) : () => 'none' as const
  if (isRegistry && namesReference(text)) return { ...withReference(text, effect), reach, warning }
  const whole = createGlob(text)
  const itself = text.endsWith('/**') ? createGlob(text.slice(0, -3)) : () => false
  return {
    warning,
    reach,
    tellsApart: () => false,
    matches: ({ name }) => {
      const lower = name.toLowerCase()
      return whole(lower) || itself(lower)
    },
  }
}

/** A name as people read it. */
export function targetName({ name, reference }: Target): string {
  if (reference === undefined) return name
  return `${name}${reference.includes(':') ? '@' : ':'}${reference}`
}

/** Everything is matched for certain by "**" alone, and by "/**" right behind what matches the upstream. */
function reachOf(text: string): Pattern['reach'] {
  const [first = '', ...rest] = text.split('/')
  const isUpstream = createGlob(first)
  const isAll = rest.join('/') === '**' || text === '**'
  return (upstream) => {
    // Whatever "**" stands for may begin with any upstream.
    if (!first.includes('**') && !isUpstream(upstream)) return 'none'
    return isAll && isUpstream(upstream) ? 'all' : 'some'
  }
}

/** A pattern that ends in ":tag" or "@digest". */
function withReference(text: string, effect: 'allow' | 'deny'): Omit<Pattern, 'warning' | 'reach'> {
  const at = Math.max(text.lastIndexOf('@'), text.lastIndexOf('/')) // A digest holds a colon of its own.
  const mark = text[at] === '@' ? at : text.indexOf(':', at)
  const repository = createGlob(text.slice(0, mark))
  const wanted = createGlob(text.slice(mark + 1))
  const isOnDigests = text[mark] === '@'
  const tellsApart = (name: string): boolean => repository(name.toLowerCase())
  const matches = ({ name, reference }: Target): boolean => {
    if (!tellsApart(name)) return false
    const isDigest = reference?.includes(':') === true
    if (reference === undefined || (isDigest && !isOnDigests)) return effect === 'allow'
    return isDigest === isOnDigests && wanted(reference.toLowerCase())
  }
  return { tellsApart, matches }
}

/** With the upstream's own name, and "library/" where docker.io means it. */
function canonical(text: string, upstreams: readonly KnownUpstream[]): string {
  const [first = '', ...rest] = text.split('/')
  const upstream = upstreams.find(({ name, aliases }) => name === first || aliases.includes(first))
  if (upstream === undefined || rest.length === 0) return text
  const [only = ''] = rest
  const isOfficial = upstream.name === DOCKER_HUB && rest.length === 1 && !only.startsWith('**')
  return [upstream.name, ...(isOfficial ? ['library'] : []), ...rest].join('/')
}

interface Written extends Known {
  readonly written: string
}

/** A rule that silently matches nothing is the worst there is: what it denies is allowed. */
function problemOf(text: string, { written, upstreams }: Written): string | undefined {
  const [first = '', ...rest] = text.split('/')
  // A glob in the first component may mean any registry.
  if (first.includes('*') || first.includes('?')) return undefined
  const known = upstreams.some(({ name }) => name === first)
  if (known && rest.length > 0) return undefined
  const hint = known
    ? `"${first}/**" means everything of it`
    : `names begin with an upstream: "docker.io/${text}"`
  return `"${written}" matches nothing; ${hint}`
}

function protocolProblemOf(text: string, { written, gitHosts }: Written): string | undefined {
  const problem = protocolNameProblem(text, {
    of: 'repository',
    ...(gitHosts === undefined ? {} : { gitHosts }),
  })
  return problem === undefined ? undefined : `"${written}" matches nothing; ${problem}`
}

import { AppError } from '../domain/errors.ts'
import type { OciSettings } from '../frontends/oci/front-end.ts'
import type { Reference } from '../frontends/oci/path.ts'
import { parseImageName } from '../frontends/oci/reference.ts'
import { createRouter, type Route } from '../frontends/oci/route.ts'
import type { OciUpstream } from '../frontends/oci/wants.ts'
import type { FoundImage } from './contents.ts'
import { refused, shown } from './refusal.ts'

export interface NameAsk {
  readonly as: string | undefined
  readonly upstream: string | undefined
}

/** A name that an image of an archive gets here. */
export interface GivenName {
  /** "docker.io/library/app:1" */
  readonly name: string
  readonly repository: string
  readonly route: Route<OciUpstream>
  readonly reference: Reference
}

/**
 * The names for each image, in order. Throws AppError where one has none, or one of a registry that this cache does not
 * know, with what to say instead.
 */
export function nameImages(
  images: readonly FoundImage[],
  { as, upstream }: NameAsk,
  { upstreams }: OciSettings,
): readonly (readonly GivenName[])[] {
  const roots = new Set(images.map(({ root }) => root.digest))
  if (as !== undefined && roots.size > 1)
    throw refused(`it holds ${roots.size} images, and --as gives one name: import it without`)
  if (
    upstream !== undefined &&
    !upstreams.some((one) => one.name === upstream || one.aliases.includes(upstream))
  )
    throw unknown(upstream, upstreams)
  return images.map((image) => textsOf(image, as).map((text) => parse(text, { image, upstream, upstreams })))
}

function textsOf({ names, tag, root }: FoundImage, as: string | undefined): readonly string[] {
  if (as === undefined) {
    if (names.length > 0) return names
    const what = tag === undefined ? root.digest : `"${tag}"`
    throw refused(`it does not say which image ${what} is: give it a name with --as NAME`)
  }
  if (/@|:[^/]*$/.test(as)) return [as]
  const tags = names.map((name) => /:([^/:@]+)$/.exec(name)?.[1]).filter((one) => one !== undefined)
  return [`${as}:${tags[0] ?? tag ?? 'latest'}`]
}

interface Naming {
  readonly image: FoundImage
  readonly upstream: string | undefined
  readonly upstreams: readonly OciUpstream[]
}

function parse(text: string, { image, upstream, upstreams }: Naming): GivenName {
  const [first = '', ...rest] = text.split('/')
  const isKnown = rest.length > 0 && upstreams.some(({ name, aliases }) => [name, ...aliases].includes(first))
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const path = isKnown || isHost ? rest.join('/') : text
  // Docker leaves out the name of its own registry, whatever this cache takes for the default.
  const whole =
    upstream === undefined ? (isKnown || isHost ? text : `docker.io/${text}`) : `${upstream}/${path}`
  try {
    const { route, reference } = parseImageName(whole, createRouter(upstreams))
    const known = reference ?? ({ kind: 'tag', text: 'latest' } as const)
    if (known.kind === 'digest' && known.text !== image.root.digest)
      throw refused(`${text} is another image than the archive holds: its digest is ${image.root.digest}`)
    const repository = `${route.upstream.name}/${route.repository}`
    const name = `${repository}${known.kind === 'digest' ? '@' : ':'}${known.text}`
    return { name, repository, route, reference: known }
  } catch (error) {
    if (error instanceof AppError && error.code === 'name_unknown')
      throw unknown(isHost ? first : 'docker.io', upstreams)
    if (error instanceof AppError && error.message.includes('archive')) throw error
    throw error instanceof AppError ? refused(`${shown(text)} is no name of an image`) : error
  }
}

function unknown(registry: string, upstreams: readonly OciUpstream[]): AppError {
  const names = upstreams.map(({ name }) => name).join(', ')
  return new AppError('name_unknown', {
    message: `this cache has no upstream ${shown(registry)}: say with --upstream below which it belongs (${names})`,
    hint: 'add it to config.toml, or name another one',
  })
}

import { DOCKER_HUB } from '../domain/names.ts'
import type { Address } from './address.ts'
import { bareWord } from './quote.ts'

/** An image as the cache knows it; every part was checked. */
export interface NamedImage {
  readonly upstream: string
  /** Names without a registry mean this upstream. */
  readonly isDefault: boolean
  readonly repository: string
  readonly mark: ':' | '@'
  readonly ref: string
}

export interface ConvertedLine {
  readonly label: string
  readonly text: string
}

/** What to type, for each client, to get an image through the cache without any configuration. */
export function convertedLines({ isPlain, host }: Address, image: NamedImage): readonly ConvertedLine[] {
  const name = `${host}/${shortName(image)}${image.mark}${image.ref}`
  const reference = bareWord(name)
  const source = bareWord(`docker://${name}`)
  const insecure = (flag: string): string => (isPlain ? `${flag} ` : '')
  return [
    { label: 'docker', text: `docker pull ${reference}` },
    { label: 'podman', text: `podman pull ${insecure('--tls-verify=false')}${reference}` },
    { label: 'containerd', text: `sudo ctr images pull ${insecure('--plain-http')}${reference}` },
    {
      label: 'skopeo',
      text: `skopeo copy ${insecure('--src-tls-verify=false')}${source} docker-archive:${archiveOf(image)}`,
    },
    { label: 'Kubernetes', text: `image: ${JSON.stringify(name)}` },
  ]
}

/**
 * As short as it may be: names of the default upstream need no registry, and Docker Hub's own no "library".
 */
function shortName({ upstream, isDefault, repository }: NamedImage): string {
  const bare = upstream === DOCKER_HUB ? repository.replace(/^library\/(?=[^/]+$)/, '') : repository
  // A first component with a dot would be taken for a registry.
  const isClear = isDefault && !/^[^/]*\./.test(bare)
  return isClear ? bare : `${upstream}/${bare}`
}

/** "app.tar:ghcr.io/org/app:1": the archive remembers the name, where there is a tag. */
function archiveOf({ upstream, repository, mark, ref }: NamedImage): string {
  const file = `${repository.split('/').at(-1) ?? 'image'}.tar`
  return mark === ':' ? `${file}:${upstream}/${repository}:${ref}` : file
}

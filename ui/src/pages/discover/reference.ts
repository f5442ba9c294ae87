/** A repository, and the tag that was named with it. */
export interface Reference {
  /** "docker.io/library/php" */
  readonly repository: string
  /** "" where none was named. */
  readonly tag: string
}

const COMMAND = /^\s*(?:sudo\s+)?(?:docker|podman|nerdctl|crictl|ctr|skopeo|crane)\s.*?(\S+)\s*$/

/** The image that was typed or pasted: "php:8.3", "docker pull php", an address of Docker Hub. Undefined for words. */
export function referenceIn(text: string): Reference | undefined {
  const command = COMMAND.exec(text)?.[1]
  const name = (command ?? text)
    .trim()
    .replace(/^(?:docker|https?):\/\//, '')
    .replace(/^hub\.docker\.com\/(?:_|layers)\//, 'docker.io/library/')
    .replace(/^(?:hub\.docker\.com(?:\/r)?|(?:index|registry-1)\.docker\.io)\//, 'docker.io/')
    .replace(/(?<=^docker\.io\/[^/]+\/[^/]+)\/.*$/, '')
    .replace(/[?#@].*$/, '')
  if (/\s/.test(name) || (command === undefined && !/[/:]/.test(name))) return undefined
  const [, path = '', tag = ''] = /^(.+?)(?::([\w.-]+))?$/.exec(name) ?? []
  return path === '' ? undefined : { repository: fullName(path), tag }
}

function fullName(path: string): string {
  const [first = '', ...rest] = path.split('/')
  if (rest.length === 0) return `docker.io/library/${first}`
  if (!/[.:]|^localhost$/.test(first)) return `docker.io/${path}`
  return rest.length === 1 && first === 'docker.io' ? `docker.io/library/${rest[0]}` : path
}

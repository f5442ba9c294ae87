/** What a client program is; `other` for all that nobody asked for yet. */
export type AgentKind =
  | 'docker'
  | 'containerd'
  | 'k3s'
  | 'nerdctl'
  | 'podman'
  | 'buildah'
  | 'cri-o'
  | 'skopeo'
  | 'buildkit'
  | 'kaniko'
  | 'crane'
  | 'regctl'
  | 'watchtower'
  | 'renovate'
  | 'go'
  | 'git'
  | 'curl'
  | 'other'

export interface Agent {
  readonly kind: AgentKind
  /** "docker 29.1.3": short, for people. Empty where a client says nothing. */
  readonly text: string
}

/** The first product of a User-Agent decides, as RFC 9110 §10.1.5 orders them; names as their programs send them. */
const KINDS: Readonly<Record<string, AgentKind>> = {
  docker: 'docker',
  'docker-client': 'docker',
  // nerdctl and ctr say this too: it is the library they pull with.
  containerd: 'containerd',
  nerdctl: 'nerdctl',
  // The library of podman, buildah and CRI-O; podman is what people mostly run of them.
  containers: 'podman',
  libpod: 'podman',
  podman: 'podman',
  buildah: 'buildah',
  'cri-o': 'cri-o',
  skopeo: 'skopeo',
  buildkit: 'buildkit',
  kaniko: 'kaniko',
  crane: 'crane',
  gcrane: 'crane',
  'go-containerregistry': 'crane',
  regctl: 'regctl',
  regsync: 'regctl',
  regbot: 'regctl',
  watchtower: 'watchtower',
  renovatebot: 'renovate',
  'go-http-client': 'go',
  git: 'git',
  curl: 'curl',
  wget: 'curl',
}

const NAMES: Readonly<Record<string, string>> = {
  'docker-client': 'docker',
  containers: 'containers/image',
  renovatebot: 'renovate',
  'go-http-client': 'go',
}

/** What says who it is in a way of its own, as product and version. */
const FOREIGN: readonly { readonly pattern: RegExp; readonly as: string }[] = [
  // A version, or a commit, which says nothing to people.
  { pattern: /^regclient\/(\w+) \((?:(v?\d+\.[^\s()]*)|[^()]*)\).*$/, as: '$1/$2' },
  { pattern: /^https:\/\/github\.com\/renovatebot\/renovate.*$/, as: 'RenovateBot' },
]
const LONGEST = 40

/** What a User-Agent says of itself. Nothing of it can be trusted; it is for people to recognise their machines. */
export function agentOf(userAgent: string | undefined): Agent {
  const whole = (userAgent ?? '').replaceAll(/\p{Cc}/gu, ' ').trim()
  const said = FOREIGN.reduce((text, { pattern, as }) => text.replace(pattern, as), whole)
  if (said === '') return { kind: 'other', text: '' }
  const [, product = '', version = ''] = /^([^\s/(]+)(?:\/(\S*))?/.exec(said) ?? []
  const name = product.toLowerCase()
  const kind = isK3s(name, version) ? 'k3s' : Object.hasOwn(KINDS, name) ? KINDS[name] : undefined
  const title = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined
  const words = `${title ?? (kind === undefined ? product : name)} ${shortVersion(version)}`
  return { kind: kind ?? 'other', text: words.trim().slice(0, LONGEST) }
}

/** Its containerd, and that of RKE2, is built by itself. */
function isK3s(name: string, version: string): boolean {
  return name === 'containerd' && /-(?:k3s|rke2)\w*$/.test(version)
}

/** "v2.0.4-k3s2", "1.6.20~ds1", "20.10.24+dfsg1": without what distributions add, except k3s, which says who it is. */
function shortVersion(version: string): string {
  const [, number = '', k3s = ''] = /^v?(\d+(?:\.\d+){0,3})\S*?((?:-(?:k3s|rke2)\w*)?)$/.exec(version) ?? []
  return `${number}${k3s}`
}

import { GITHUB_HOSTS, HF_HOST } from '../domain/file-hosts.ts'
import type { FileUpstreamConfig } from './file-config.ts'
import { nameOrHost } from './names.ts'
import { namesPrivateHost } from './networks.ts'
import type { Settings } from './schema.ts'
import type { SecretsAt, TableSecrets } from './secrets.ts'

/** Every host of files that may be asked, as an upstream; none of what is switched off. */
export function fileUpstreamsOf(settings: Settings, secretsAt: SecretsAt): FileUpstreamConfig[] {
  const { go, github, huggingface, git } = settings
  return [
    ...(go.enabled ? [...modulesOf(go, secretsAt), ...databasesOf(go, secretsAt)] : []),
    // Large files of git repositories come from GitHub's hosts of files.
    ...(github.enabled || git.enabled ? githubOf(github, secretsAt(['github'])) : []),
    ...(huggingface.enabled ? [hubOf(huggingface, secretsAt(['huggingface']))] : []),
    ...(git.enabled ? serversOf(settings, secretsAt(['git'])) : []),
  ]
}

/** The keys of a section, or of one upstream in it, that say how a host is reached. */
interface Way {
  readonly proxy: string | undefined
  readonly allow_private: boolean
}

type Asked = Pick<FileUpstreamConfig, 'name' | 'frontEnd' | 'url'> &
  Partial<Pick<FileUpstreamConfig, 'username' | 'password' | 'token' | 'redirectHosts'>>

function upstreamOf(asked: Asked, way: Way, ca: string | undefined): FileUpstreamConfig {
  return {
    username: undefined,
    password: undefined,
    token: undefined,
    ...asked,
    kind: 'files',
    proxy: way.proxy,
    ca,
    allowPrivate: way.allow_private || namesPrivateHost(asked.url),
    tokenHosts: [],
  }
}

/** What stands in [go] about the way holds for upstreams that say nothing of their own. */
function modulesOf(go: Settings['go'], secretsAt: SecretsAt): FileUpstreamConfig[] {
  const shared = secretsAt(['go'])
  return go.upstream.map((one, index) => {
    const { secret: password, ca = shared.ca } = secretsAt(['go', 'upstream', index])
    const { username, url = '' } = one
    const name = nameOrHost(one.name, url) ?? ''
    const way = { proxy: one.proxy ?? go.proxy, allow_private: one.allow_private || go.allow_private }
    return upstreamOf({ name, frontEnd: 'go', url, username, password }, way, ca)
  })
}

/** Their files lie where they are: whoever is sent elsewhere asks for something else. */
function databasesOf(go: Settings['go'], secretsAt: SecretsAt): FileUpstreamConfig[] {
  const { ca } = secretsAt(['go'])
  return go.sumdb.map(({ name, url }) => upstreamOf({ name, frontEnd: 'go', url, redirectHosts: [] }, go, ca))
}

/** Of GitHub's hosts, those that know its tokens; to the others files are moved, under addresses that are signed. */
const WITH_TOKEN: ReadonlySet<string> = new Set([
  'github.com',
  'api.github.com',
  'codeload.github.com',
  'raw.githubusercontent.com',
  'media.githubusercontent.com',
  'gist.githubusercontent.com',
])

function githubOf(github: Settings['github'], { secret, ca }: TableSecrets): FileUpstreamConfig[] {
  // Who asks elsewhere is sent on to elsewhere.
  const moved = Object.values(github.urls).flatMap((url) => (url === undefined ? [] : [new URL(url).host]))
  const redirectHosts = [...new Set([...github.redirect_hosts, ...moved])]
  return GITHUB_HOSTS.map((name) => {
    const url = github.urls[name] ?? `https://${name}`
    const token = WITH_TOKEN.has(name) ? secret : undefined
    return upstreamOf({ name, frontEnd: 'github', url, token, redirectHosts }, github, ca)
  })
}

function hubOf(hub: Settings['huggingface'], { secret: token, ca }: TableSecrets): FileUpstreamConfig {
  const { url, redirect_hosts: redirectHosts } = hub
  return upstreamOf({ name: HF_HOST, frontEnd: 'hf', url, token, redirectHosts }, hub, ca)
}

/** A server of git may be a registry too, so it is told apart. */
export function gitUpstreamName(host: string): string {
  return `git:${host}`
}

function serversOf({ git, github }: Settings, { ca }: TableSecrets): FileUpstreamConfig[] {
  return git.hosts.map(({ name, url }) => {
    const asked = gitUrlOf({ name, url }, github.urls)
    const redirectHosts = git.redirect_hosts
    return upstreamOf({ name: gitUpstreamName(name), frontEnd: 'git', url: asked, redirectHosts }, git, ca)
  })
}

/** github.com is one place, whichever protocol asks it. */
export function gitUrlOf(
  { name, url }: Settings['git']['hosts'][number],
  urls: Settings['github']['urls'],
): string {
  return (name === 'github.com' ? urls['github.com'] : undefined) ?? url
}

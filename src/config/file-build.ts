import { type BuildOptions, programAt } from './build-options.ts'
import type { Config } from './config.ts'
import { fileUpstreamsOf, gitUpstreamName, gitUrlOf } from './file-upstreams.ts'
import { nameOrHost } from './names.ts'
import { namesPrivateHost } from './networks.ts'

type Files = Pick<Config, 'go' | 'github' | 'huggingface' | 'git' | 'fileUpstreams'>

/** What is not about registries. */
export function buildFiles(options: BuildOptions): Files {
  const { settings, secretsAt } = options
  return {
    go: goOf(options),
    github: githubOf(options),
    huggingface: huggingfaceOf(options),
    git: gitOf(options),
    fileUpstreams: fileUpstreamsOf(settings, secretsAt),
  }
}

function goOf({ settings: { go } }: BuildOptions): Config['go'] {
  return {
    enabled: go.enabled,
    hosts: go.hosts,
    maxSize: go.max_size,
    verify: go.verify,
    databases: go.sumdb,
    private: go.private,
    whenUnreachable: go.when_unreachable,
    listTtl: go.list_ttl,
    upstreams: go.upstream.map(({ name, url, match, on_error }) => ({
      name: nameOrHost(name, url) ?? '',
      match,
      onError: on_error,
    })),
  }
}

function githubOf({ settings: { github }, secretsAt }: BuildOptions): Config['github'] {
  return {
    enabled: github.enabled,
    hosts: github.hosts,
    maxSize: github.max_size,
    rewriteScripts: github.rewrite_scripts,
    tokenFor: github.token_for,
    hasToken: secretsAt(['github']).secret !== undefined,
    refTtl: github.ref_ttl,
    tagTtl: github.tag_ttl,
    maxFile: github.max_file,
    redirectHosts: github.redirect_hosts,
  }
}

function huggingfaceOf({ settings: { huggingface }, secretsAt }: BuildOptions): Config['huggingface'] {
  return {
    enabled: huggingface.enabled,
    hosts: huggingface.hosts,
    maxSize: huggingface.max_size,
    url: huggingface.url,
    tokenFor: huggingface.token_for,
    hasToken: secretsAt(['huggingface']).secret !== undefined,
    refTtl: huggingface.ref_ttl,
    maxFile: huggingface.max_file,
    denySuffixes: huggingface.deny_suffixes,
  }
}

function gitOf(options: BuildOptions): Config['git'] {
  const { git, github } = options.settings
  const hosts = git.hosts.map((host) => {
    const { name } = host
    const url = gitUrlOf(host, github.urls)
    const allowPrivate = git.allow_private || namesPrivateHost(url)
    return { name, url, upstream: gitUpstreamName(name), allowPrivate }
  })
  return {
    enabled: git.enabled,
    hosts,
    redirectHosts: git.redirect_hosts,
    refsWindow: git.refs_window,
    maxMirror: git.max_mirror,
    git: programAt(options, ['git', 'git'], git.git),
    proxy: git.proxy,
    ca: options.secretsAt(['git']).ca,
  }
}

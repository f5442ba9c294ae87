import { z } from 'zod'
import { GITHUB_HOSTS, type GithubHost } from '../domain/file-hosts.ts'
import {
  parseGitHost,
  parseGithubRepositories,
  parseHfRepositories,
  parseModules,
  parseRedirectHost,
  parseSourceName,
  parseSuffix,
  parseSumdb,
} from './file-parsers.ts'
import { parseHost, parseProxy, parseSize, parseTime, parseUpstreamUrl } from './parsers.ts'
import { SHIPPED_GO_UPSTREAMS } from './shipped.ts'
import { parseUsername } from './upstream-schema.ts'
import { asIs, flag, list, notEmpty, optionalText, text, word } from './values.ts'

/** Every section of other protocols has these. */
const common = (about: string) => ({ enabled: flag(true, about) })

const hosts = (example: string) => ({
  hosts: list({
    about: 'virtual hosts: everything there belongs to it, without its prefix',
    parse: (host) => parseHost(host, 'without port'),
    example,
  }),
})

/** How the hosts of a section are reached. */
const way = () => ({
  proxy: optionalText({
    about: 'outgoing http(s) proxy',
    parse: parseProxy,
    example: 'http://proxy.example.com:3128',
  }),
  ca_file: optionalText({ about: 'certificates to trust, a PEM file', parse: asIs }),
  allow_private: flag(false, 'may resolve to private addresses (always so when an address names one)'),
})

const budget = () => ({
  max_size: text({ fallback: '0', about: 'its own budget; "0": none', parse: parseSize }),
})

const largest = () => ({
  max_file: text({ fallback: '0', about: 'larger files are refused; "0": no limit', parse: parseSize }),
})

const goUpstream = z.strictObject({
  url: optionalText({ about: 'where it is', parse: parseUpstreamUrl, example: 'https://proxy.golang.org' }),
  name: optionalText({ about: 'its name; "": its host', parse: parseSourceName, example: 'goproxy.cn' }),
  match: list({
    about: 'modules that only it is asked for; empty: all others',
    parse: parseModules,
    example: 'corp.example.com/**',
  }),
  on_error: word(['stop', 'next'], 'whether the next one is asked where this one fails'),
  username: optionalText({ about: 'its login', parse: parseUsername }),
  password_file: optionalText({ about: 'file that holds only the password', parse: asIs }),
  ...way(),
})

export const go = z.strictObject({
  ...common('Go modules under /go'),
  verify: word(
    ['record', 'off', 'sumdb'],
    'record: the first hash of a version counts; sumdb: what that says',
  ),
  sumdb: list({ about: 'checksum databases to pass on', parse: parseSumdb, fallback: ['sum.golang.org'] }),
  private: list({
    about: 'modules that no public upstream may hear of',
    parse: parseModules,
    example: 'corp.example.com/**',
  }),
  when_unreachable: word(['error', 'direct'], 'direct: 404, so that clients go to the source'),
  list_ttl: text({ fallback: '1m', about: 'for lists, branches and @latest', parse: parseTime }),
  ...budget(),
  ...hosts('go.cache.example.com'),
  ...way(),
  upstream: z.array(goUpstream).prefault(structuredClone(SHIPPED_GO_UPSTREAMS)),
})

const urlOf = (host: GithubHost) =>
  optionalText({ about: `where ${host} is; "": there`, parse: parseUpstreamUrl, example: `https://${host}` })

/** A table has no keys of anybody's choice, but GitHub's hosts are known. Object.fromEntries forgets which they are. */
const githubUrls = z.strictObject(
  Object.fromEntries(GITHUB_HOSTS.map((host) => [host, urlOf(host)])) as Record<
    GithubHost,
    ReturnType<typeof urlOf>
  >,
)

export const github = z.strictObject({
  ...common('files of GitHub under /https://github.com and /gh'),
  rewrite_scripts: flag(false, 'addresses of GitHub in scripts lead here'),
  token_file: optionalText({ about: 'file that holds only a token', parse: asIs }),
  token_for: list({
    about: 'repositories that may be private',
    parse: parseGithubRepositories,
    example: 'owner/*',
  }),
  ref_ttl: text({ fallback: '5m', about: 'for branches, "latest" and gists', parse: parseTime }),
  tag_ttl: text({ fallback: '24h', about: 'for tags and releases', parse: parseTime }),
  ...largest(),
  ...budget(),
  redirect_hosts: list({
    about: 'hosts that redirects may lead to, "*.example.com" for all below',
    parse: parseRedirectHost,
    fallback: GITHUB_HOSTS.filter((host) => host !== 'gist.github.com'),
  }),
  ...hosts('gh.cache.example.com'),
  ...way(),
  urls: githubUrls.prefault({}),
})

export const huggingface = z.strictObject({
  ...common('models, datasets and spaces under /hf'),
  url: text({ fallback: 'https://huggingface.co', about: 'where the hub is', parse: parseUpstreamUrl }),
  token_file: optionalText({ about: 'file that holds only a token', parse: asIs }),
  token_for: list({
    about: 'repositories that may be gated or private',
    parse: parseHfRepositories,
    example: 'org/*',
  }),
  ref_ttl: text({ fallback: '2m', about: 'for branches and tags', parse: parseTime }),
  ...largest(),
  ...budget(),
  deny_suffixes: list({ about: 'files that are refused', parse: parseSuffix, example: '.bin' }),
  redirect_hosts: list({
    about: 'hosts that redirects may lead to, "*.example.com" for all below',
    parse: parseRedirectHost,
    fallback: ['*.hf.co', '*.huggingface.co'],
  }),
  ...hosts('hf.cache.example.com'),
  ...way(),
})

export const git = z.strictObject({
  ...common('git clone and fetch from mirrors'),
  hosts: list({
    about: 'servers whose repositories are mirrored',
    parse: parseGitHost,
    fallback: ['github.com'],
  }),
  redirect_hosts: list({
    about: 'hosts that large files may lie on, "*.example.com" for all below',
    parse: parseRedirectHost,
    fallback: ['*.githubusercontent.com', 'github-cloud.s3.amazonaws.com'],
  }),
  refs_window: text({ fallback: '0s', about: 'how long branches may be old', parse: parseTime }),
  max_mirror: text({ fallback: '10GiB', about: 'larger ones pass by; "0": no limit', parse: parseSize }),
  git: text({ fallback: 'git', about: 'the git program', parse: notEmpty }),
  ...way(),
})

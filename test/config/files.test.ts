import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { budgetsIn } from '../../src/config/budgets.ts'
import { loadConfig } from '../../src/config/load.ts'
import { renderProblems } from '../../src/config/problem.ts'
import { renderConfig } from '../../src/config/show.ts'
import { GITHUB_HOSTS } from '../../src/domain/file-hosts.ts'
import { createOriginClient } from '../../src/upstream/client.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { brief, folderOf, load, problemsIn, problemsOf } from './support.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

/** A folder with these files beside config.toml, loaded. */
function loadBeside(
  t: Parameters<typeof folderOf>[0],
  toml: string,
  files: Record<string, string>,
  env: Record<string, string> = {},
) {
  const folder = folderOf(t, { 'config.toml': toml, ...files })
  return loadConfig({ file: join(folder, 'config.toml'), env })
}

void test('an empty file switches everything on and asks every host where it is', (t) => {
  const { config, warnings } = load(t, '')
  const { go, github, huggingface, git, fileUpstreams } = config
  assert.deepEqual(
    [go, github, huggingface, git].map(({ enabled }) => enabled),
    [true, true, true, true],
  )
  assert.equal(go.verify, 'record')
  assert.deepEqual(go.upstreams, [{ name: 'proxy.golang.org', match: [], onError: 'stop' }])
  assert.deepEqual(
    go.databases.map(({ name, url }) => [name, url]),
    [['sum.golang.org', 'https://sum.golang.org']],
  )
  assert.equal(go.listTtl, 60_000)
  assert.deepEqual([github.refTtl, github.tagTtl, huggingface.refTtl], [300_000, 86_400_000, 120_000])
  assert.deepEqual(
    [go, github, huggingface].map(({ maxSize }) => maxSize),
    [0, 0, 0],
  )
  assert.deepEqual(git.hosts, [
    { name: 'github.com', url: 'https://github.com', upstream: 'git:github.com', allowPrivate: false },
  ])
  assert.deepEqual(git.redirectHosts, ['*.githubusercontent.com', 'github-cloud.s3.amazonaws.com'])
  assert.deepEqual([git.refsWindow, git.maxMirror, git.git], [0, 10 * 2 ** 30, 'git'])
  assert.deepEqual(
    fileUpstreams.map(({ name, url }) => `${name} ${url}`),
    [
      ...['proxy.golang.org', 'sum.golang.org', ...GITHUB_HOSTS, 'huggingface.co'].map(
        (name) => `${name} https://${name}`,
      ),
      'git:github.com https://github.com',
    ],
  )
  assert.ok(fileUpstreams.every(({ allowPrivate, kind }) => !allowPrivate && kind === 'files'))
  assert.ok(fileUpstreams.every(({ token, password }) => token === undefined && password === undefined))
  assert.deepEqual(warnings, [])
})

void test('what is switched off is never asked, and files of git stay without the rest of GitHub', (t) => {
  const named = (toml: string) => load(t, toml).config.fileUpstreams.map(({ name }) => name)
  const off = '[go]\nenabled=false\n[github]\nenabled=false\n[huggingface]\nenabled=false\n'
  assert.deepEqual(named(`${off}[git]\nenabled=false\n`), [])
  assert.deepEqual(named(off), [...GITHUB_HOSTS, 'git:github.com'])
})

void test('every upstream can be told to the origin client, and no two have one name', async (t) => {
  const { config } = load(t, '[git]\nhosts = ["github.com", "docker.io", "http://git.lan:3000"]\n')
  const upstreams = [...config.upstreams, ...config.fileUpstreams]
  assert.equal(new Set(upstreams.map(({ name }) => name)).size, upstreams.length)
  const client = createOriginClient({ upstreams, clock: fakeClock(), log: collectorLog() })
  for (const { name } of upstreams) assert.equal(client.health(name), 'closed')
  await client.close()
})

void test('upstreams of modules are called by their hosts, with the way of [go] where they have none', (t) => {
  const { config } = loadBeside(
    t,
    `[go]
proxy = "http://proxy.example.com:3128"
ca_file = "ca.pem"
sumdb = ["sum.golang.google.cn", "sum.corp http://10.0.0.5:8080/x/"]
private = ["go:corp.example.com/**"]
max_size = "1GiB"
[[go.upstream]]
url = "https://Nexus.example.com:8443/repository/go/"
match = ["corp.example.com/**"]
username = "me"
password_file = "secret"
allow_private = true
[[go.upstream]]
url = "https://proxy.golang.org"
name = "Google"
on_error = "next"
proxy = "http://other.example.com:3128"
`,
    { secret: 'pass\n', 'ca.pem': PEM },
  )
  const [nexus, google, china, corp] = config.fileUpstreams
  assert.deepEqual(config.go.upstreams, [
    { name: 'nexus.example.com:8443', match: ['corp.example.com/**'], onError: 'stop' },
    { name: 'google', match: [], onError: 'next' },
  ])
  assert.equal(nexus?.url, 'https://nexus.example.com:8443/repository/go')
  assert.deepEqual(
    [nexus?.username, nexus?.password, nexus?.ca, nexus?.allowPrivate],
    ['me', 'pass', PEM, true],
  )
  assert.deepEqual(
    [nexus?.proxy, google?.proxy],
    ['http://proxy.example.com:3128', 'http://other.example.com:3128'],
  )
  assert.equal(google?.allowPrivate, false)
  assert.deepEqual([china?.name, china?.url], ['sum.golang.org', 'https://sum.golang.google.cn'])
  assert.deepEqual([corp?.name, corp?.url, corp?.allowPrivate], ['sum.corp', 'http://10.0.0.5:8080/x', true])
  assert.deepEqual([corp?.redirectHosts, corp?.ca], [[], PEM])
  assert.deepEqual(config.go.private, ['corp.example.com/**'])
  assert.equal(budgetsIn(config).find(({ name }) => name === 'go')?.maxSize, 2 ** 30)
})

void test("a host of GitHub's may be somewhere else, for git as for files", (t) => {
  const { config, warnings } = load(
    t,
    '[github.urls]\n"github.com" = "http://127.0.0.1:8080/mirror"\n"api.github.com" = "https://ghe.example.com/api/v3/"\n',
  )
  const of = (wanted: string) => config.fileUpstreams.find(({ name }) => name === wanted)
  assert.equal(of('github.com')?.url, 'http://127.0.0.1:8080/mirror')
  assert.equal(of('github.com')?.allowPrivate, true)
  assert.equal(of('git:github.com')?.url, 'http://127.0.0.1:8080/mirror')
  assert.equal(config.git.hosts[0]?.url, 'http://127.0.0.1:8080/mirror')
  assert.equal(of('api.github.com')?.url, 'https://ghe.example.com/api/v3')
  assert.equal(of('codeload.github.com')?.url, 'https://codeload.github.com')
  assert.equal(of('codeload.github.com')?.allowPrivate, false)
  assert.ok(of('github.com')?.redirectHosts?.includes('127.0.0.1:8080'))
  assert.ok(of('github.com')?.redirectHosts?.includes('ghe.example.com'))
  assert.deepEqual(warnings, [])
})

void test('a token goes to the hosts that know it and to no other', (t) => {
  const toml =
    '[github]\ntoken_file="t"\ntoken_for=["github:Me/*"]\n[huggingface]\ntoken_file="t"\ntoken_for=["models/org/a","datasets/org/*"]\n'
  const { config, entries } = loadBeside(t, toml, { t: 'tok-github\n' })
  const holders = config.fileUpstreams.filter(({ token }) => token !== undefined).map(({ name }) => name)
  assert.deepEqual(holders, [
    'github.com',
    'codeload.github.com',
    'raw.githubusercontent.com',
    'gist.githubusercontent.com',
    'api.github.com',
    'media.githubusercontent.com',
    'huggingface.co',
  ])
  assert.deepEqual(config.github.tokenFor, ['Me/*'])
  assert.deepEqual(config.huggingface.tokenFor, ['org/a', 'datasets/org/*'])
  assert.deepEqual([config.github.hasToken, config.huggingface.hasToken], [true, true])
  assert.ok(!JSON.stringify([config.github, config.huggingface, entries]).includes('tok-github'))
})

void test('secrets come from variables, are shown nowhere, and win over files', (t) => {
  const env = {
    CACHALOT_GITHUB__TOKEN: 'hunter2',
    CACHALOT_HUGGINGFACE__TOKEN: 'hunter3',
    CACHALOT_GO__UPSTREAM__PROXY_GOLANG_ORG__USERNAME: 'me',
    CACHALOT_GO__UPSTREAM__PROXY_GOLANG_ORG__PASSWORD: 'hunter4',
    CACHALOT_GITHUB__URLS__API_GITHUB_COM: 'https://ghe.example.com/api',
    CACHALOT_GO__PRIVATE: 'corp.example.com,*.corp.example.com/x',
  }
  const loaded = loadBeside(t, '[github]\ntoken_file = "missing"\n', {}, env)
  const of = (wanted: string) => loaded.config.fileUpstreams.find(({ name }) => name === wanted)
  assert.equal(of('github.com')?.token, 'hunter2')
  assert.equal(of('huggingface.co')?.token, 'hunter3')
  assert.deepEqual([of('proxy.golang.org')?.username, of('proxy.golang.org')?.password], ['me', 'hunter4'])
  assert.equal(of('api.github.com')?.url, 'https://ghe.example.com/api')
  assert.deepEqual(loaded.config.go.private, ['corp.example.com', '*.corp.example.com/x'])
  const text = renderConfig(loaded, { origin: true })
  assert.ok(!/hunter/.test(text) && !/hunter/.test(JSON.stringify(loaded.entries)))
  assert.match(text, /^# token = "\*\*\*" +# env CACHALOT_GITHUB__TOKEN$/m)
  assert.match(text, /^# password = "\*\*\*" +# env CACHALOT_GO__UPSTREAM__PROXY_GOLANG_ORG__PASSWORD$/m)
})

void test('what is shown loads again as it was, tables in lists and keys in quotes too', (t) => {
  const loaded = load(
    t,
    `[go]
hosts = ["go.cache.example.com"]
[[go.upstream]]
url = "https://a.example.com"
[[go.upstream]]
url = "https://b.example.com"
match = ["b.example.com/**"]
[github.urls]
"github.com" = "https://ghe.example.com"
`,
  )
  const text = renderConfig(loaded, { origin: true })
  assert.match(text, /^"github.com" = "https:\/\/ghe.example.com"/m)
  assert.match(text, /^name = "b.example.com"/m)
  const { storage: _storage, ...again } = load(t, text).config
  const { storage: _before, ...first } = loaded.config
  assert.deepEqual(again, first)
})

void test('secrets in the file are refused, each with the variable for it', (t) => {
  const problems = problemsOf(
    t,
    `[github]
token = "hunter2"
proxy = "http://u:hunter2@proxy:1"
[huggingface]
token = "hunter2"
[[go.upstream]]
url = "https://a.example.com"
password = "hunter2"
`,
  )
  const text = renderProblems(problems)
  assert.match(text, /:2 .*token_file, or set CACHALOT_GITHUB__TOKEN/)
  assert.match(text, /:3 .*github.proxy .*must hold no credentials/)
  assert.match(text, /:5 .*token_file, or set CACHALOT_HUGGINGFACE__TOKEN/)
  assert.match(text, /:8 .*password_file, or set CACHALOT_GO__UPSTREAM__A_EXAMPLE_COM__PASSWORD/)
  assert.ok(!text.includes('hunter2'))
})

void test('wrong values are said with their lines', (t) => {
  const problems = problemsOf(
    t,
    `[go]
verify = "on"
sumdb = ["sum db x"]
private = ["corp"]
list_tll = "1m"
[[go.upstream]]
url = "https://me:pw@a.example.com"
match = ["a b"]
[github]
token_for = ["owner"]
redirect_hosts = ["*.*.com"]
[github.urls]
"gihub.com" = "https://x"
"github.com" = "ghe.example.com"
[huggingface]
deny_suffixes = ["bin"]
[git]
hosts = ["https://github.com/owner", "ssh://x"]
refs_window = "10"
`,
  )
  assert.deepEqual(brief(problems), [
    '2 go.verify must be "record", "off" or "sumdb" (is "on")',
    '3 go.sumdb#1 must be a checksum database such as "sum.golang.org", "name+hash+key" or "name https://address" (is "sum db x")',
    '4 go.private#1 must be modules such as "corp.example.com/**" (is "corp")',
    '5 go.list_tll unknown key; did you mean "list_ttl"?',
    '7 go.upstream#1.url must hold no credentials: use username and password_file (is "https://***@a.example.com")',
    '8 go.upstream#1.match#1 must be modules such as "corp.example.com/**" (is "a b")',
    '10 github.token_for#1 must be repositories such as "owner/repo" or "owner/*" (is "owner")',
    '11 github.redirect_hosts#1 must be a host such as "cdn.example.com" or "*.example.com" (is "*.*.com")',
    '13 github.urls.gihub.com unknown key; did you mean "github.com"?',
    '14 github.urls.github.com must be an http or https URL (is "ghe.example.com")',
    '16 huggingface.deny_suffixes#1 must be the end of names such as ".bin" (is "bin")',
    '18 git.hosts#1 must be a host such as "github.com", or "http://" with one (is "https://github.com/owner")',
    '18 git.hosts#2 must be a host such as "github.com", or "http://" with one (is "ssh://x")',
    '19 git.refs_window needs a unit, for example "10m" (is "10")',
  ])
})

void test('what is missing or cannot be together is said with its line', (t) => {
  const problems = problemsOf(
    t,
    `[server]
public_url = "https://cache.example.com"
[go]
verify = "sumdb"
sumdb = []
hosts = ["files.example.com", "cache.example.com"]
[[go.upstream]]
name = "x"
[[go.upstream]]
url = "https://a.example.com/one"
[[go.upstream]]
url = "https://a.example.com/two"
username = "me"
[github]
token_for = ["owner/repo"]
hosts = ["files.example.com"]
[git]
hosts = ["github.com", "https://github.com"]
[[upstream]]
name = "a.example.com"
url = "https://a.example.com"
hosts = ["hf.example.com"]
[huggingface]
hosts = ["hf.example.com"]
`,
  )
  assert.deepEqual(brief(problems), [
    '4 go.verify "sumdb" needs a checksum database in go.sumdb',
    '6 go.hosts#2 "cache.example.com" is the host of server.public_url, where registry and console are',
    '7 go.upstream[x].url is missing, and must not be empty',
    '12 go.upstream#3.url "a.example.com" is already the name of [[go.upstream]] number 2',
    '13 go.upstream#3.username needs a password: set password_file or CACHALOT_GO__UPSTREAM__A_EXAMPLE_COM__PASSWORD',
    '15 github.token_for needs a token: set token_file or CACHALOT_GITHUB__TOKEN',
    '16 github.hosts#1 "files.example.com" is already a virtual host of [go]',
    '18 git.hosts#2 "github.com" stands here already',
    '20 upstream[a.example.com].name "a.example.com" is already the name of [[go.upstream]] number 2',
    '24 huggingface.hosts#1 "hf.example.com" is already a virtual host of a.example.com',
  ])
})

void test('a registry cannot have the name of another protocol, of a host of files, or of a path of ours', (t) => {
  const names = ['go', 'gh', 'HF', 'git', 'github', 'sh', 'github.com', 'raw.githubusercontent.com']
  for (const name of [...names, 'huggingface.co', 'go:5000', 'hf:80', 'v2', 'library']) {
    const problems = problemsOf(t, `[[upstream]]\nname = "${name}"\nurl = "https://x.example.com"\n`)
    assert.match(brief(problems).join(), /^2 upstream.*another name: this one has a meaning in paths/, name)
    const alias = `[[upstream]]\nname = "x"\nurl = "https://x.example.com"\naliases = ["${name}"]\n`
    assert.match(brief(problemsOf(t, alias)).join(), /another name/, name)
  }
  for (const name of ['_lfs', 'https:', 'http:']) {
    const problems = problemsOf(t, `[[upstream]]\nname = "${name}"\nurl = "https://x.example.com"\n`)
    assert.match(brief(problems).join(), /^2 upstream.*name must be /, name)
  }
  const taken = '[[upstream]]\nname = "proxy.golang.org"\nurl = "https://x.example.com"\n'
  assert.deepEqual(brief(problemsOf(t, taken)), [
    '2 upstream[proxy.golang.org].name "proxy.golang.org" is already the name of [[go.upstream]] number 1',
  ])
})

void test('files of secrets are judged like passwords, and a token is one word', (t) => {
  const folder = folderOf(t, {
    'config.toml': '[github]\ntoken_file = "missing"\nca_file = "no"\n[huggingface]\ntoken_file = "two"\n',
    two: 'two words\n',
    no: 'x',
  })
  const file = join(folder, 'config.toml')
  assert.deepEqual(
    brief(problemsIn(() => loadConfig({ file, env: {} }))).map((line) => line.replaceAll(folder, '~')),
    [
      '2 github.token_file ~/missing does not exist',
      '3 github.ca_file ~/no holds no certificate in PEM form',
      '5 huggingface.token_file holds no token: one word is expected',
    ],
  )
  const env = { CACHALOT_GITHUB__TOKEN: 'two words' }
  writeFileSync(file, '')
  assert.deepEqual(brief(problemsIn(() => loadConfig({ file, env }))), [
    '- CACHALOT_GITHUB__TOKEN holds no token: one word is expected',
  ])
})

void test('a token or password that would travel in clear text is warned about', (t) => {
  const warned = (toml: string) =>
    loadBeside(t, toml, { s: 'x\n' }).warnings.map(({ line, path }) => `${line} ${path}`)
  assert.deepEqual(
    warned('[github]\ntoken_file="s"\n[github.urls]\n"github.com"="http://ghe.example.com"\n'),
    ['4 github.urls.github.com'],
  )
  assert.deepEqual(warned('[huggingface]\ntoken_file="s"\nurl="http://hub.example.com"\n'), [
    '3 huggingface.url',
  ])
  assert.deepEqual(warned('[huggingface]\ntoken_file="s"\nurl="http://127.0.0.1:1"\n'), [])
  const login = '[[go.upstream]]\nurl="http://a.example.com"\nusername="me"\npassword_file="s"\n'
  assert.deepEqual(warned(login), ['2 go.upstream#1.url'])
})

void test('a pin on files that can cover nothing is warned about with its line', (t) => {
  const pins = (matches: readonly string[]) =>
    matches.map((match) => `[[pin]]\nmatch = "${match}"\n`).join('')
  const good = [
    'go:golang.org/x/text/@v/v0.3.0.zip',
    'go:*.corp.example.com/**',
    'github:owner/repo',
    'github:owner/repo/releases/download/v1/*',
    'hf:gpt2',
    'hf:datasets/org/name',
    'git:github.com/owner/repo',
  ]
  assert.deepEqual(load(t, pins(good)).warnings, [])
  const { warnings } = load(t, pins(['go:text', 'github:owner', 'git:gitlab.com/a/b', 'hf:']))
  assert.deepEqual(brief(warnings), [
    '2 pin#1.match matches nothing; modules begin with a host: "go:golang.org/x/text"',
    '4 pin#2.match matches nothing; names look like "github:owner/repo", and "/**" means everything of it',
    '6 pin#3.match matches nothing; git.hosts does not have "gitlab.com"',
    '8 pin#4.match matches nothing; a part of it is empty; "hf:**" means everything of it',
  ])
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { stringify } from 'smol-toml'
import { contradictionsIn } from '../../src/config/checks.ts'
import { TABLES } from '../../src/config/keys.ts'
import { configFile, loadConfig } from '../../src/config/load.ts'
import { ConfigError, renderProblem, renderProblems } from '../../src/config/problem.ts'
import { configSchema } from '../../src/config/schema.ts'
import { brief, folderOf, load, problemsIn, problemsOf } from './support.ts'

void test('an empty file means the defaults of every key', (t) => {
  const { config, warnings } = load(t, '')
  assert.deepEqual(config.server.listen, { host: '0.0.0.0', port: 5000 })
  assert.equal(config.server.publicUrl, undefined)
  assert.equal(config.storage.maxSize, 50 * 2 ** 30)
  assert.equal(config.storage.evictTo, Math.floor(45 * 2 ** 30))
  assert.equal(config.cache.tagTtl, 300_000)
  assert.equal(config.cache.staleIfError, 30 * 86_400_000)
  assert.equal(config.auth.anonymousPull, 'private')
  assert.deepEqual(config.limits.requests, { count: 600, perMs: 60_000 })
  assert.equal(config.limits.maxManifest, 4 * 2 ** 20)
  assert.equal(config.jobs.gc, '17 3 * * *')
  assert.deepEqual(config.log, { level: 'info', format: 'auto' })
  assert.equal(config.upstreams.length, 9)
  assert.deepEqual(
    config.upstreams.filter((upstream) => upstream.default).map(({ name }) => name),
    ['docker.io'],
  )
  assert.deepEqual(warnings, [])
})

void test('the configuration is frozen to its leaves', (t) => {
  const { config } = load(t, '')
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.server.listen))
  assert.ok(Object.isFrozen(config.upstreams) && Object.isFrozen(config.upstreams[0]?.aliases))
})

void test('a missing config.toml is fine, a missing file that was named is not', (t) => {
  const folder = folderOf(t, {})
  const file = join(folder, 'config.toml')
  assert.equal(loadConfig({ file, env: {}, mustExist: false }).fileExists, false)
  assert.deepEqual(
    problemsIn(() => loadConfig({ file, env: {} })),
    [{ file, path: '', message: 'does not exist' }],
  )
  assert.equal(problemsIn(() => loadConfig({ file: folder, env: {} }))[0]?.message, 'is a folder, not a file')
})

void test('the file is the argument, else CACHALOT_CONFIG, else config.toml', () => {
  assert.deepEqual(configFile('a.toml', { CACHALOT_CONFIG: 'b.toml' }), { file: 'a.toml', mustExist: true })
  assert.deepEqual(configFile(undefined, { CACHALOT_CONFIG: 'b.toml' }), { file: 'b.toml', mustExist: true })
  assert.deepEqual(configFile(undefined, { CACHALOT_CONFIG: '' }), { file: 'config.toml', mustExist: false })
})

void test('a syntax error has line and column and shows nothing of the file', (t) => {
  const [problem, ...more] = problemsOf(t, 'a = 1\nsecret = "hunter2\n')
  assert.equal(problem?.line, 2)
  assert.ok((problem?.column ?? 0) > 1)
  assert.match(problem?.message ?? '', /^not valid TOML: /)
  assert.ok(!problem?.message.includes('hunter2'))
  assert.deepEqual(more, [])
})

void test('all problems are reported at once, in the order of the file', (t) => {
  const problems = problemsOf(
    t,
    `[server]
lisen = "0.0.0.0:5000"
public_url = "ftp://x"
[storage]
max_size = 50
evict_to = "60GiB"
[cache]
tag_ttl = "5"
verified_ranges = "no"
[[upstream]]
name = "a.example.com"
[log]
level = "loud"
`,
  )
  assert.deepEqual(brief(problems), [
    '2 server.lisen unknown key; did you mean "listen"?',
    '3 server.public_url must be an http or https URL (is "ftp://x")',
    '5 storage.max_size must be text in quotes such as "50GiB" (is 50)',
    '8 cache.tag_ttl needs a unit, for example "5m" (is "5")',
    '9 cache.verified_ranges must be true or false without quotes (is "no")',
    '10 upstream[a.example.com].url is missing, and must not be empty',
    '13 log.level must be "info", "debug", "warn", "error" or "silent" (is "loud")',
  ])
})

void test('unknown keys come with a suggestion, or with the table they belong to', (t) => {
  const problems = problemsOf(t, 'listen = "x"\n[storge]\n[cache]\nmax_manifest = "1MiB"\nfoo = 1\n')
  assert.deepEqual(brief(problems), [
    '1 listen unknown key; it belongs to [server]',
    '2 storge unknown key; did you mean "storage"?',
    '4 cache.max_manifest unknown key; it belongs to [limits]',
    '5 cache.foo unknown key; known here: tag_ttl, stale_if_error, negative_ttl, verified_ranges, finish_abandoned',
  ])
})

void test('wrong types are said in words', (t) => {
  const problems = problemsOf(
    t,
    `log = 1
jobs = []
[server]
listen = 5000
trusted_proxies = "10.0.0.0/8"
[auth]
anonymous_pull = true
[limits]
deny = []
allow = ["private"]
max_blob = 1979-05-27
[[upstream]]
name = "a"
url = "http://a"
aliases = ["b", 3]
default = "yes"
[[storage]]
`,
  )
  assert.deepEqual(brief(problems), [
    '1 log must be one table: write [log] (is 1)',
    '2 jobs must be one table: write [jobs] (is a list)',
    '4 server.listen must be text in quotes such as "0.0.0.0:5000" (is 5000)',
    '5 server.trusted_proxies must be a list such as ["10.0.0.0/8"] (is "10.0.0.0/8")',
    '7 auth.anonymous_pull must be text in quotes such as "private", or a list of texts (is true)',
    '11 limits.max_blob must be text in quotes such as "0" (is a date)',
    '15 upstream[a].aliases#2 must hold only text in quotes (is 3)',
    '16 upstream[a].default must be true or false without quotes (is "yes")',
    '17 storage must be one table: write [storage] (is a list)',
  ])
  assert.deepEqual(brief(problemsOf(t, '[upstream]\nname = "x"\n')), [
    '1 upstream must be a list of tables: write [[upstream]] (is a table)',
  ])
})

void test('one problem is one line: file and line, path, message', () => {
  const problem = {
    file: 'config.toml',
    line: 14,
    column: 1,
    path: 'server.hots',
    message: 'unknown key; did you mean "host"?',
  }
  assert.equal(renderProblem(problem), 'config.toml:14  server.hots  unknown key; did you mean "host"?')
  const file = { file: 'config.toml', path: '', message: 'does not exist' }
  assert.equal(renderProblem(file), 'config.toml  does not exist')
  const warning = {
    file: 'environment',
    path: 'CACHALOT_X',
    message: 'is ignored',
    severity: 'warning',
  } as const
  assert.equal(
    renderProblems([problem, warning]),
    'config.toml:14  server.hots  unknown key; did you mean "host"?\nenvironment     CACHALOT_X   warning: is ignored',
  )
  assert.equal(new ConfigError([file, problem]).message.split('\n').length, 2)
})

void test('upstreams in the file replace the shipped ones, and the first is the default unless docker.io is there', (t) => {
  const two = '[[upstream]]\nname="B.example.com"\nurl="https://b"\n[[upstream]]\nname="a"\nurl="https://a"\n'
  const names = (toml: string) =>
    load(t, toml).config.upstreams.map((one) => `${one.name}${one.default ? '*' : ''}`)
  assert.deepEqual(names(two), ['b.example.com*', 'a'])
  assert.deepEqual(names(`${two}[[upstream]]\nname="docker.io"\nurl="https://d"\n`), [
    'b.example.com',
    'a',
    'docker.io*',
  ])
  assert.deepEqual(names(`${two}default = true\n`), ['b.example.com', 'a*'])
  assert.deepEqual(brief(problemsOf(t, 'upstream = []')), [
    '1 upstream must hold at least one; leave it out for the shipped list',
  ])
})

void test('two defaults are a problem', (t) => {
  const upstream = (name: string) => `[[upstream]]\nname="${name}"\nurl="https://${name}"\ndefault=true\n`
  assert.deepEqual(brief(problemsOf(t, upstream('a') + upstream('b'))), [
    '8 upstream[b].default only one upstream can be the default, and a is it already',
  ])
})

void test('names, aliases and hosts lead to one upstream, whatever their case', (t) => {
  const problems = problemsOf(
    t,
    `[[upstream]]
name = "a"
url = "https://a"
aliases = ["A", "x"]
hosts = ["x.example.com"]
[[upstream]]
name = "X"
url = "https://b"
aliases = ["y", "a"]
hosts = ["X.example.com"]
`,
  )
  assert.deepEqual(brief(problems), [
    '7 upstream[X].name "x" is already an alias of a',
    '9 upstream[X].aliases#2 "a" is already the name of a',
    '10 upstream[X].hosts#1 "x.example.com" is already a virtual host of a',
  ])
})

void test('names that mean something in paths are refused', (t) => {
  const problems = problemsOf(t, '[[upstream]]\nname="v2"\nurl="https://a"\naliases=["a/b", "library"]\n')
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['upstream[v2].name', 'upstream[v2].aliases#1', 'upstream[v2].aliases#2'],
  )
})

void test('an upstream takes what it does not say from [cache], and knows private hosts', (t) => {
  const { config } = load(
    t,
    `[cache]
tag_ttl = "1h"
[[upstream]]
name = "registry.lan:5000"
url = "http://192.168.0.7:5000/"
token_hosts = ["Auth.lan:8443"]
[[upstream]]
name = "b"
url = "https://b.example.com"
tag_ttl = "0"
when_deleted = "follow"
proxy = "http://proxy:3128"
`,
  )
  const [first, second] = config.upstreams
  assert.equal(first?.url, 'http://192.168.0.7:5000')
  assert.equal(first?.tagTtl, 3_600_000)
  assert.equal(first?.allowPrivate, true)
  assert.deepEqual(first?.tokenHosts, ['auth.lan:8443'])
  assert.equal(second?.tagTtl, 0)
  assert.equal(second?.allowPrivate, false)
  assert.equal(second?.whenDeleted, 'follow')
  assert.equal(second?.proxy, 'http://proxy:3128')
})

void test('eviction goes down to a share or a size, at most to the quota', (t) => {
  const evictTo = (max: string, to: string) =>
    load(t, `[storage]\nmax_size="${max}"\nevict_to="${to}"\n`).config.storage.evictTo
  assert.equal(evictTo('10GiB', '50%'), 5 * 2 ** 30)
  assert.equal(evictTo('10GiB', '10GiB'), 10 * 2 ** 30)
  assert.equal(evictTo('0', '5GiB'), 0)
  assert.deepEqual(brief(problemsOf(t, '[storage]\nmax_size="1GiB"\nevict_to="2GiB"\n')), [
    '3 storage.evict_to must be at most storage.max_size',
  ])
})

void test('files are looked up beside the file that names them', (t) => {
  const folder = folderOf(t, { 'etc/config.toml': '[storage]\npath = "../data"\n' })
  const file = join(folder, 'etc/config.toml')
  assert.equal(loadConfig({ file, env: {} }).config.storage.path, join(folder, 'data'))
  const env = { CACHALOT_STORAGE__PATH: 'elsewhere' }
  assert.equal(loadConfig({ file, env }).config.storage.path, join(process.cwd(), 'elsewhere'))
})

void test('TLS needs both of its files and excludes ACME', () => {
  const source = { file: 'config.toml', positions: new Map(), tree: {}, variables: new Map() }
  const paths = (server: object) =>
    contradictionsIn(configSchema.parse({ server }), source).map(({ path }) => path.join('.'))
  assert.deepEqual(paths({ tls: { cert: 'c' } }), ['server.tls.cert'])
  assert.deepEqual(paths({ tls: { key: 'k' } }), ['server.tls.key'])
  assert.deepEqual(paths({ tls: { cert: 'c', key: 'k' }, acme: { domains: ['a.b'] } }), [
    'server.acme.domains',
  ])
  assert.deepEqual(paths({ acme: { challenge: 'dns-01' } }), ['server.acme.challenge'])
  assert.deepEqual(paths({ tls: { cert: 'c', key: 'k' } }), [])
})

void test('one wrong value does not make others look wrong', (t) => {
  const problems = problemsOf(
    t,
    '[storage]\nmax_size="many"\nevict_to="60GiB"\n[[upstream]]\nname="a b"\nurl="x"\n',
  )
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['storage.max_size', 'upstream[a b].name', 'upstream[a b].url'],
  )
})

void test('a byte order mark and Windows line ends do not matter', (t) => {
  assert.equal(load(t, '\uFEFF[server]\r\nlisten = "[::]:5001"\r\n').config.server.listen.port, 5001)
  assert.equal(problemsOf(t, '\uFEFF[server]\r\nlisten = 1\r\n')[0]?.line, 2)
})

void test('keys that could reach into our objects are refused', (t) => {
  assert.equal(problemsOf(t, '[__proto__]\nx = 1\n').length, 1)
})

void test('whatever the file and the environment hold, the answer is a configuration or problems', (t) => {
  const file = join(folderOf(t, { 'config.toml': '' }), 'config.toml')
  const words = [...new Set(TABLES.flatMap(({ path, keys, tables }) => [...path, ...keys.keys(), ...tables]))]
  const key = fc.oneof(fc.constantFrom(...words), fc.stringMatching(/^[a-z_.]{0,6}$/))
  const leaf = fc.oneof(
    fc.constantFrom(
      '',
      '0',
      '5m',
      '1GiB',
      'a',
      'https://a',
      'docker.io',
      'private',
      true,
      5,
      1.5,
      new Date(0),
    ),
    fc.array(fc.constantFrom('a', '10.0.0.0/8', ''), { maxLength: 2 }),
    fc.string({ unit: 'grapheme-ascii' }),
  )
  const { tree } = fc.letrec<{ tree: Record<string, unknown>; value: unknown }>((tie) => ({
    value: fc.oneof({ maxDepth: 3 }, leaf, tie('tree'), fc.array(tie('tree'), { maxLength: 3 })),
    tree: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
  }))
  const name = fc.tuple(key, key).map(([table, one]) => `CACHALOT_${table}__${one}`.toUpperCase())
  fc.assert(
    fc.property(tree, fc.dictionary(name, fc.string(), { maxKeys: 2 }), (content, env) => {
      writeFileSync(file, stringify(content))
      try {
        assert.ok(Object.isFrozen(loadConfig({ file, env }).config))
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error))
        assert.ok(error.problems.length > 0)
      }
    }),
    { numRuns: 300 },
  )
})

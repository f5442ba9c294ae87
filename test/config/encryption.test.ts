import assert from 'node:assert/strict'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { DAY } from '../../src/domain/clock.ts'
import { load, problemsOf } from './support.ts'

const ACME = `[server.acme]
email = "ops@example.com"
`

void test('certificate files are looked up beside the file, durations are milliseconds', (t) => {
  const loaded = load(
    t,
    '[server.tls]\ncert = "c.pem"\nkey = "/k.pem"\nclient_ca = "ca.pem"\nhsts = "180d"\n',
  )
  const { tls } = loaded.config.server
  const folder = dirname(join(process.cwd(), loaded.file))
  assert.ok(tls.cert?.endsWith('/c.pem') && tls.clientCa?.endsWith('/ca.pem'), folder)
  assert.equal(tls.key, '/k.pem')
  assert.equal(tls.hsts, 180 * DAY)
})

void test('names become ASCII and lower case, once each', (t) => {
  const redirect = '[server.tls]\nredirect_http = "127.0.0.1:80"\n'
  const { config } = load(
    t,
    `${redirect}${ACME}domains = ["Cache.Example.com", "bücher.example", "пример.рф", "cache.example.com"]\n`,
  )
  assert.deepEqual(config.server.acme.domains, [
    'cache.example.com',
    'xn--bcher-kva.example',
    'xn--e1afmkfd.xn--p1ai',
  ])
})

for (const [what, key, value] of [
  ['a name that looks like a flag', 'domains', '["--run-hook=x"]'],
  ['a wildcard in the middle', 'domains', '["a.*.example.com"]'],
  ['an address', 'domains', '["192.0.2.1"]'],
  ['a name without a dot', 'domains', '["localhost"]'],
  ['a label that ends with a dash', 'domains', '["a-.example.com"]'],
  ['an email that looks like a flag', 'email', '"-x@example.com"'],
  ['a provider that looks like a flag', 'dns_provider', '"--hook"'],
  ['a provider that wants a terminal', 'dns_provider', '"manual"'],
  ['a resolver without a port', 'dns_resolvers', '["9.9.9.9"]'],
  ['a directory in clear text', 'directory', '"http://ca.example/dir"'],
] as const) {
  void test(`${what} is refused`, (t) => {
    const problems = problemsOf(t, `[server.acme]\n${key} = ${value}\n`)
    assert.equal(problems.length, 1)
    assert.match(problems[0]?.path ?? '', new RegExp(`server\\.acme\\.${key}`))
  })
}

for (const [what, toml, path] of [
  ['http-01 without its listener', `${ACME}domains = ["a.example"]\n`, 'server.acme.challenge'],
  [
    'a wildcard by http-01',
    `[server.tls]\nredirect_http = "127.0.0.1:80"\n${ACME}domains = ["*.a.example"]\n`,
    'server.acme.domains#1',
  ],
  [
    'client certificates without one of our own',
    '[server.tls]\nclient_ca = "ca.pem"\n',
    'server.tls.client_ca',
  ],
  ['HSTS without a certificate', '[server.tls]\nhsts = "1d"\n', 'server.tls.hsts'],
  [
    'redirects to an https that is not there',
    '[server.tls]\nredirect_http = "127.0.0.1:80"\n',
    'server.tls.redirect_http',
  ],
] as const) {
  void test(`${what} is a contradiction`, (t) => {
    assert.deepEqual(
      problemsOf(t, toml).map((problem) => problem.path),
      [path.replace('#1', '')],
    )
  })
}

void test('a proxy with the certificate may get redirects from us', (t) => {
  const { warnings } = load(
    t,
    '[server]\npublic_url = "https://cache.example"\n[server.tls]\nredirect_http = ":80"\n',
  )
  assert.deepEqual(warnings, [])
})

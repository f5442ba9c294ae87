import assert from 'node:assert/strict'
import { test } from 'node:test'
import { brief, load, problemsOf } from './support.ts'

void test('any key of any table can come from the environment and wins over the file', (t) => {
  const { config } = load(t, '[server]\nlisten = "127.0.0.1:1"\n[cache]\nverified_ranges = false\n', {
    CACHALOT_SERVER__LISTEN: '0.0.0.0:5001',
    CACHALOT_STORAGE__MAX_SIZE: '20GiB',
    CACHALOT_CACHE__VERIFIED_RANGES: 'true',
    CACHALOT_SERVER__TRUSTED_PROXIES: '10.0.0.1, ::1',
    CACHALOT_AUTH__ANONYMOUS_PULL: '["10.0.0.0/8"]',
    CACHALOT_SERVER__TLS__CERT: '',
    CACHALOT_LOG__LEVEL: 'debug',
    PATH: '/bin',
  })
  assert.equal(config.server.listen.port, 5001)
  assert.equal(config.storage.maxSize, 20 * 2 ** 30)
  assert.equal(config.cache.verifiedRanges, true)
  assert.deepEqual(config.server.trustedProxies, ['10.0.0.1/32', '::1/128'])
  assert.deepEqual(config.auth.anonymousPull, ['10.0.0.0/8'])
  assert.equal(config.log.level, 'debug')
})

void test('anonymous_pull from the environment is a word, one network or several', (t) => {
  const pull = (text: string) =>
    load(t, '', { CACHALOT_AUTH__ANONYMOUS_PULL: text }).config.auth.anonymousPull
  assert.equal(pull('none'), 'none')
  assert.deepEqual(pull('10.0.0.0/8'), ['10.0.0.0/8'])
  assert.deepEqual(pull('10.0.0.0/8,fd00::/8'), ['10.0.0.0/8', 'fd00::/8'])
})

void test('upstreams are reached by their name, those of the file as well as the shipped ones', (t) => {
  const env = {
    CACHALOT_UPSTREAM__DOCKER_IO__USERNAME: 'me',
    CACHALOT_UPSTREAM__DOCKER_IO__PASSWORD: 'secret ',
    CACHALOT_UPSTREAM__DOCKER_IO__HOSTS: 'docker.example.com',
  }
  for (const toml of [
    '',
    '[[upstream]]\nname="a"\nurl="https://a"\n[[upstream]]\nname="Docker.io"\nurl="https://d"\n',
  ]) {
    const upstream = load(t, toml, env).config.upstreams.find(({ name }) => name === 'docker.io')
    assert.equal(upstream?.username, 'me')
    assert.equal(upstream?.password, 'secret ')
    assert.deepEqual(upstream?.hosts, ['docker.example.com'])
  }
})

void test('unknown variables with a double underscore are problems with a suggestion', (t) => {
  const problems = problemsOf(t, '', {
    CACHALOT_SERVER__LISTN: 'x',
    CACHALOT_server__listen: 'x',
    CACHALOT_UPSTREAM__GHRC_IO__PASSWORD: 'secret',
    CACHALOT_RULE__EFFECT: 'deny',
    CACHALOT_THING__X: '1',
  })
  assert.ok(problems.every(({ file }) => file === 'environment'))
  assert.deepEqual(brief(problems), [
    '- CACHALOT_RULE__EFFECT cannot come from the environment; write [[rule]] in the file',
    '- CACHALOT_SERVER__LISTN unknown variable; did you mean CACHALOT_SERVER__LISTEN?',
    '- CACHALOT_THING__X unknown variable',
    '- CACHALOT_UPSTREAM__GHRC_IO__PASSWORD unknown variable; did you mean CACHALOT_UPSTREAM__GHCR_IO__PASSWORD?',
    '- CACHALOT_server__listen unknown variable; did you mean CACHALOT_SERVER__LISTEN?',
  ])
})

void test('a wrong value is named as its variable', (t) => {
  const problems = problemsOf(t, '[server]\nlisten = "0.0.0.0:1"\n', {
    CACHALOT_SERVER__LISTEN: 'nowhere',
    CACHALOT_CACHE__VERIFIED_RANGES: 'yes',
    CACHALOT_SERVER__TRUSTED_PROXIES: '10.0.0.0/8,moon',
    CACHALOT_LIMITS__DENY: '[1]',
  })
  assert.deepEqual(brief(problems), [
    '- CACHALOT_SERVER__LISTEN must be an address and a port such as "nowhere:5000" (is "nowhere")',
    '- CACHALOT_SERVER__TRUSTED_PROXIES must be a network such as "10.0.0.0/8", or the word "private" (is "moon")',
    '- CACHALOT_CACHE__VERIFIED_RANGES must be true or false (is "yes")',
    '- CACHALOT_LIMITS__DENY must be a JSON list of texts, or texts separated by commas (is "[1]")',
  ])
})

void test('a single underscore is warned about when it was meant for us, else ignored', (t) => {
  const { warnings } = load(t, '', {
    CACHALOT_CONFIG: 'x',
    CACHALOT_PORT: 'tcp://10.0.0.1:5000',
    CACHALOT_STORAGE_PATH: '/x',
  })
  assert.deepEqual(brief(warnings), [
    '- CACHALOT_STORAGE_PATH is ignored; did you mean CACHALOT_STORAGE__PATH?',
  ])
  assert.equal(warnings[0]?.severity, 'warning')
})

void test('a variable that fits two upstreams is refused', (t) => {
  const toml = '[[upstream]]\nname="a-b"\nurl="https://a"\n[[upstream]]\nname="a.b"\nurl="https://b"\n'
  assert.deepEqual(brief(problemsOf(t, toml, { CACHALOT_UPSTREAM__A_B__USERNAME: 'me' })), [
    '- CACHALOT_UPSTREAM__A_B__USERNAME means more than one upstream; use the file',
  ])
})

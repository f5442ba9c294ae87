import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, problemsOf } from './support.ts'

void test('values that would have no effect in this version are refused, each at its line', (t) => {
  const problems = problemsOf(
    t,
    `[auth]
htpasswd = "users"
realm = "Other"
admins = ["me"]
operators = ["you"]
[limits]
requests = "5/m"
allow = []
deny = ["10.0.0.0/8"]
[[rule]]
match = ["a"]
`,
  )
  assert.deepEqual(
    problems.map(({ line }) => line),
    [2, 3, 4, 5, 7, 8, 9, 10],
  )
  for (const { message } of problems) assert.equal(message, 'is not available in this version yet: remove it')
})

void test('a value that must go is not complained about in other ways', (t) => {
  const problems = problemsOf(t, '[limits]\nrequests = "nonsense"\n[[rule]]\neffect = "maybe"\n')
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['limits.requests', 'rule#1'],
  )
})

void test('the same keys with their defaults pass', (t) => {
  const { warnings } = load(
    t,
    `rule = []
pin = []
[server.tls]
cert = ""
key = ""
redirect_http = ""
[server.acme]
lego = "lego"
email = ""
domains = []
challenge = "http-01"
directory = "https://acme-v02.api.letsencrypt.org/directory"
[auth]
htpasswd = ""
realm = "Cachalot"
admins = []
operators = []
anonymous_pull = "private"
[limits]
requests = "600/m"
max_manifest = "4MiB"
max_blob = "0"
allow = ["private"]
deny = []
[jobs]
gc = "17 3 * * *"
scrub = "0 4 * * 0"
expire_unused = "0"
[[upstream]]
name = "a"
url = "https://a"
max_size = "0"
`,
  )
  assert.deepEqual(warnings, [])
})

void test('the environment cannot switch on what is not there either', (t) => {
  const problems = problemsOf(t, '', { CACHALOT_AUTH__HTPASSWD: '/users' })
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['CACHALOT_AUTH__HTPASSWD'],
  )
})

void test('who may pull without a login and how large things may be works already', (t) => {
  const { config } = load(
    t,
    '[auth]\nanonymous_pull = ["10.0.0.0/8"]\n[limits]\nmax_manifest="1MiB"\nmax_blob="1GiB"\n',
  )
  assert.deepEqual(config.auth.anonymousPull, ['10.0.0.0/8'])
  assert.equal(config.limits.maxBlob, 2 ** 30)
})

void test('values that switch off what this version does not do are accepted', (t) => {
  const { warnings } = load(t, '[limits]\nrequests = "0"\n[jobs]\ngc = ""\nscrub = ""\n')
  assert.deepEqual(warnings, [])
})

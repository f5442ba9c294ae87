import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { parse } from 'smol-toml'
import { AppError } from '../../src/domain/errors.ts'
import { addressOf, parseBase, parseHost } from '../../src/setup/address.ts'
import { convertedLines } from '../../src/setup/converted.ts'
import { imageIn } from '../../src/setup/image-text.ts'
import { type Plan, type PlanAsk, planOf } from '../../src/setup/plan.ts'
import { renderSetup } from '../../src/setup/render.ts'
import { SETUP_KINDS, type Setup } from '../../src/setup/setup.ts'

/** What ends a string, a line or a command somewhere. */
const EVIL = [
  ...'"\'`$\\\n\r\t;|&<>(){}[]#!*?~%^=, \0\u2028\u202e'.split(''),
  '$(touch /tmp/x)',
  '${IFS}',
  '\\u0022',
  '../',
  "'\\''",
  'CACHALOT',
  '[host."x"]',
  '\nEND\n',
  ': y',
]
const PIECES = [...EVIL, ...EVIL, 'cache', '.', ':', '-', '/', '5000', 'lan', '::1', '@', 'é', '中', 'K']
const evil = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 3 })), { maxLength: 6 })
const hostile = evil.map((parts) => parts.join(''))
/** Something good with something bad in it. */
const spoilt = (good: string) =>
  fc.tuple(fc.nat(good.length), hostile).map(([at, text]) => good.slice(0, at) + text + good.slice(at))

const GOOD = { base: 'https://cache.example.com:5443', registries: ['docker.io', 'ghcr.io'] }

/** The plan, or undefined where it was refused as it should be. */
function planned(make: () => PlanAsk): Plan | undefined {
  try {
    return planOf(make())
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'bad_request', String(error))
    return undefined
  }
}

/** All that may be in what is written for clients, beside our own words. */
const HARMLESS = /^[A-Za-z0-9._+@:/[\]-]*$/

function assertHarmless(plan: Plan): void {
  const texts = [
    plan.mirror,
    plan.endpoint,
    plan.prefix,
    plan.address.host,
    plan.ca ?? '',
    ...plan.registries,
  ]
  for (const text of texts) assert.match(text, HARMLESS)
}

/** Reads everything back that has a format. */
function assertReadable({ files, apply, undo }: Setup): void {
  for (const { path, content } of files) {
    if (path.endsWith('.json')) JSON.parse(content)
    if (/\.(?:toml|conf)$/.test(path)) parse(content)
  }
  for (const script of [apply, undo]) if (script !== undefined) assertOneDocument(script)
}

/**
 * Between its first and its last line nothing ends the script, so no text in it becomes a command of the
 * outer shell.
 */
function assertOneDocument(script: string): void {
  const lines = script.split('\n')
  assert.deepEqual(
    lines.flatMap((line, i) => (line === 'CACHALOT' ? [i] : [])),
    [lines.length - 2],
  )
}

suite('hostile texts', () => {
  test('as address: refused, or harmless', () => {
    fc.assert(
      fc.property(
        fc.oneof(hostile, spoilt('https://cache.example.com:5000'), spoilt('http://[fd00::1]:5000')),
        fc.constantFrom(...SETUP_KINDS),
        (base, kind) => {
          const plan = planned(() => ({ kind, registries: GOOD.registries, address: parseBase(base) }))
          if (plan === undefined) return
          assertHarmless(plan)
          assertReadable(renderSetup(plan))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('as Host header: refused, or one host with its port', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, spoilt('cache.lan:5000')), fc.boolean(), (host, isPlain) => {
        const plan = planned(() => ({
          kind: 'docker',
          registries: ['docker.io'],
          address: addressOf(isPlain, host),
        }))
        if (plan === undefined) return
        assert.match(plan.address.host, /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/)
        assert.equal(new URL(plan.mirror).pathname, '/')
      }),
      { numRuns: 3000 },
    )
  })

  test('as a name that looks like half an address: refused', () => {
    for (const host of ['a.0', 'cache.1', '1.2.3', '256.1.1.1', '[::1', '[1:2]'])
      assert.throws(() => addressOf(true, host), { code: 'bad_request' }, host)
    for (const host of ['10.0.0.5:5000', 'nas', 'cache.lan', '[fd00::1]:5000', 'node_1.lan'])
      assert.equal(addressOf(true, host).host, host)
  })

  test('as key, certificate and registry: refused, or harmless', () => {
    const text = fc.option(fc.oneof(hostile, spoilt('ck_abcdefghijklmnopqrstuvwxy'), spoilt('/etc/ca.pem')))
    const registries = fc.array(fc.oneof(hostile, spoilt('ghcr.io'), fc.constant('quay.io')), {
      maxLength: 3,
    })
    fc.assert(
      fc.property(text, text, registries, fc.constantFrom(...SETUP_KINDS), (key, ca, names, kind) => {
        const plan = planned(() => ({
          kind,
          address: parseBase(GOOD.base),
          registries: names,
          key: key ?? undefined,
          ca: ca ?? undefined,
          strict: names.length > 1,
          language: names.length > 2 ? 'zh' : 'en',
        }))
        if (plan === undefined) return
        assertHarmless(plan)
        assertReadable(renderSetup(plan))
      }),
      { numRuns: 2000 },
    )
  })

  test('as something to convert: refused, or one name whose lines say nothing else', () => {
    const image = fc.oneof(
      hostile,
      spoilt('docker pull ghcr.io/org/app:1'),
      spoilt('https://hub.docker.com/r/org/app'),
      spoilt('https://github.com/org/app/pkgs/container/app?tag=1'),
    )
    fc.assert(
      fc.property(image, (text) => {
        try {
          assert.equal(typeof imageIn(text), 'string')
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'bad_request', String(error))
        }
      }),
      { numRuns: 3000 },
    )
  })
})

test('hosts that are none, and those that are', () => {
  const none = [
    '',
    ' ',
    'a b',
    '-a',
    'a-',
    'a..b',
    '.a',
    'a.',
    'a:0',
    'a:65536',
    'a:',
    'a:b',
    '[::1',
    '::1',
    '[zz]',
    '[::1]x',
  ]
  for (const text of [...none, 'a/b', 'u@h', 'a'.repeat(64), `${'a.'.repeat(127)}ab`, 'é', '[::1%eth0]'])
    assert.equal(parseHost(text), undefined, text)
  for (const text of ['a', 'nas_1', 'cache.lan:5000', '10.0.0.5', '[::1]', '[fd00::1]:5000'])
    assert.equal(parseHost(text), text)
  assert.equal(parseHost('Cache.LAN'), 'cache.lan')
  for (const base of [
    'ftp://a',
    'a',
    'https://',
    'https://a/b',
    'https://u:p@a',
    'https://a?b',
    'https://a#b',
    '//a',
  ])
    assert.throws(() => parseBase(base), { code: 'bad_request' }, base)
  assert.deepEqual(parseBase('HTTPS://Cache.lan:443/'), { isPlain: false, host: 'cache.lan' })
  assert.deepEqual(parseBase('http://cache.lan:80'), { isPlain: true, host: 'cache.lan' })
})

test('the nonce of a check is a tag and nothing else', () => {
  const plan = { kind: 'docker', address: parseBase(GOOD.base), registries: GOOD.registries } as const
  for (const nonce of [
    '',
    'a',
    'A'.repeat(20),
    `${'a'.repeat(19)};`,
    `${'a'.repeat(20)}\n`,
    '$(id)'.repeat(4),
  ])
    assert.throws(() => planOf({ ...plan, nonce }), { code: 'bad_request' }, nonce)
})

test('every script is one that shells can read', () => {
  for (const kind of SETUP_KINDS) {
    for (const language of ['en', 'zh'] as const) {
      for (const base of ['http://[fd00::1]:5000', 'https://cache.example.com']) {
        const address = parseBase(base)
        const options = { key: 'ck_a', ca: '/etc/ca.pem', strict: language === 'zh', language }
        const { apply, undo } = renderSetup(
          planOf({ kind, address, registries: GOOD.registries, ...options }),
        )
        for (const script of [apply, undo])
          for (const shell of ['dash', 'bash']) assertSyntax(shell, script ?? '')
      }
    }
  }
})

/** The script itself, and the one inside that another shell reads. */
function assertSyntax(shell: string, script: string): void {
  const inner = script.split('\n').slice(1, -2).join('\n')
  for (const input of [script, inner]) {
    const { status, stderr } = spawnSync(shell, ['-n'], { input, encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
  }
}

test('lines for an image hold its name and nothing else', () => {
  const lines = convertedLines(parseBase('http://cache.lan:5000'), {
    upstream: 'docker.io',
    isDefault: true,
    repository: 'library/nginx',
    mark: ':',
    ref: '1.27',
  })
  assert.deepEqual(Object.fromEntries(lines.map(({ label, text }) => [label, text])), {
    docker: 'docker pull cache.lan:5000/nginx:1.27',
    podman: 'podman pull --tls-verify=false cache.lan:5000/nginx:1.27',
    containerd: 'sudo ctr images pull --plain-http cache.lan:5000/nginx:1.27',
    skopeo:
      'skopeo copy --src-tls-verify=false docker://cache.lan:5000/nginx:1.27 ' +
      'docker-archive:nginx.tar:docker.io/library/nginx:1.27',
    Kubernetes: 'image: "cache.lan:5000/nginx:1.27"',
  })
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Setup } from '../../src/api/contract-setup.ts'
import { newKey } from '../../src/auth/key-text.ts'
import { SETUP_KINDS } from '../../src/setup/setup.ts'
import type { Fetched } from '../support/http.ts'
import { startSetup } from './setup-support.ts'

function setupIn(answer: Fetched): Setup {
  assert.equal(answer.status, 200, answer.body.toString())
  return JSON.parse(answer.body.toString())
}

function problemIn({ status, body }: Fetched): string {
  // The shape of every error.
  const { error } = JSON.parse(body.toString()) as { error: { code: string; message: string } }
  return `${status} ${error.code}: ${error.message}`
}

/** The first mirror of daemon.json as it is shown. */
function mirrorIn(answer: Fetched): string {
  const { content } = setupIn(answer).files[0] ?? assert.fail()
  return JSON.parse(content)['registry-mirrors'][0]
}

suite('POST /setup/render', () => {
  test('renders every kind in both languages, for the address the request came by', async (t) => {
    const server = await startSetup(t)
    for (const kind of SETUP_KINDS) {
      for (const language of ['en', 'zh']) {
        const setup = setupIn(await server.render({ kind, language }))
        assert.equal(setup.kind, kind)
        assert.ok(setup.notes.length > 0 && setup.test !== '')
        const isChinese = setup.notes.every(({ text }) => /\p{Script=Han}/u.test(text))
        assert.equal(isChinese, language === 'zh', `${kind} ${language}`)
        assert.ok(JSON.stringify(setup).includes(`127.0.0.1:${server.port}`))
      }
    }
  })

  test('the address: what is given, else public_url, else as the request came', async (t) => {
    const plain = await startSetup(t)
    const ask = { kind: 'docker' }
    assert.equal(mirrorIn(await plain.render(ask, { host: 'NAS.lan:5000' })), 'http://nas.lan:5000')
    assert.equal(mirrorIn(await plain.render({ ...ask, base: 'https://a.example/' })), 'https://a.example')
    const proxied = await startSetup(t, { toml: '[server]\ntrusted_proxies = ["127.0.0.1"]\n' })
    const secure = { host: 'nas.lan:443', 'x-forwarded-proto': 'https' }
    assert.equal(mirrorIn(await proxied.render(ask, secure)), 'https://nas.lan')
    assert.equal(mirrorIn(await plain.render(ask, secure)), 'http://nas.lan:443')
    const named = await startSetup(t, { toml: '[server]\npublic_url = "https://cache.example.com"\n' })
    assert.equal(mirrorIn(await named.render(ask, { host: 'evil.example' })), 'https://cache.example.com')
  })

  test('registries: all that names can begin with, or those asked for by name and alias', async (t) => {
    const upstream = (name: string, more = '') =>
      `[[upstream]]\nname = "${name}"\nurl = "http://127.0.0.1:1"\n${more}`
    const toml = [
      upstream('docker.io', 'default = true\naliases = ["hub"]\n'),
      upstream('inside'),
      upstream('reg.example:5000'),
    ].join('')
    const server = await startSetup(t, { toml })
    const pathsOf = async (registries?: string[]) =>
      setupIn(await server.render({ kind: 'nerdctl', ...(registries && { registries }) })).files.map((file) =>
        file.path.split('/').at(-2),
      )
    assert.deepEqual(await pathsOf(), ['docker.io', 'reg.example:5000'])
    assert.deepEqual(await pathsOf(['HUB']), ['docker.io'])
    const unknown = await server.render({ kind: 'nerdctl', registries: ['ghcr.io'] })
    assert.equal(problemIn(unknown), '400 bad_request: registries: this cache has no such upstream')
    const inside = await server.render({ kind: 'nerdctl', registries: ['inside'] })
    assert.equal(problemIn(inside), '400 bad_request: registries: a name like "ghcr.io"')
  })

  test('refuses what could mean something else where it is written', async (t) => {
    const server = await startSetup(t)
    const asks = [
      { base: 'http://a$(id)' },
      { base: "http://a'b" },
      { base: 'https://a/b' },
      { key: 'ck_short' },
      { key: `${newKey()}'` },
      { ca: '/etc/$(id)' },
      { ca: 'relative.pem' },
      { ca: '/etc/../ca.pem' },
      { registries: [] },
      { kind: 'windows' },
      { strict: 'yes' },
      { language: 'fr' },
      { other: 1 },
    ]
    for (const ask of asks)
      assert.match(
        problemIn(await server.render({ kind: 'docker', ...ask })),
        /^400 bad_request: /,
        JSON.stringify(ask),
      )
    // Over the network such a header is refused before; here it is not what is written.
    for (const host of ["a'b", 'a b', '$(id)', 'a"b', '[::1', 'a/b', 'a;b', '`id`'])
      assert.equal(mirrorIn(await server.render({ kind: 'docker' }, { host })), 'http://localhost', host)
    for (const host of ['a:99999', '[:::]', '-a', `${'a'.repeat(64)}.example`])
      assert.match(problemIn(await server.render({ kind: 'docker' }, { host })), /^400 bad_request: /, host)
  })

  test('puts the pull key where each client takes it', async (t) => {
    const server = await startSetup(t)
    const key = newKey()
    const base = 'https://cache.example.com'
    const wanted = {
      docker: `https://cache.example.com/k/${key}"`,
      containerd: `[host."https://cache.example.com/k/${key}"]`,
      k3s: `- "https://cache.example.com/v2/k/${key}"`,
      podman: `location = "cache.example.com/k/${key}/docker.io"`,
      buildkit: `mirrors = ["cache.example.com/k/${key}"]`,
      kubernetes: `image: "cache.example.com/k/${key}/docker.io/`,
    }
    for (const [kind, text] of Object.entries(wanted)) {
      const { files } = setupIn(await server.render({ kind, key, base }))
      assert.ok(
        files.some(({ content }) => content.includes(text)),
        `${kind}: ${JSON.stringify(files)}`,
      )
    }
    const { notes } = setupIn(await server.render({ kind: 'docker', key, base: 'http://cache.lan' }))
    assert.ok(notes.some(({ level, text }) => level === 'warn' && text.includes('plain http')))
  })

  test('says who may pull first, where nobody in particular may not', async (t) => {
    const closed = await startSetup(t, { mayPull: false })
    assert.match(problemIn(await closed.render({ kind: 'docker' })), /^401 unauthorized/)
    assert.match(problemIn(await closed.convert('nginx')), /^401 unauthorized/)
    const principal = { kind: 'user', name: 'bob', role: 'user' } as const
    const known = await startSetup(t, { mayPull: false, principal })
    assert.equal((await known.render({ kind: 'docker' })).status, 200)
  })

  test('shows nothing of where upstreams really are', async (t) => {
    const toml = '[[upstream]]\nname = "docker.io"\nurl = "http://10.9.8.7:81"\n'
    const server = await startSetup(t, { toml })
    for (const kind of SETUP_KINDS)
      assert.doesNotMatch((await server.render({ kind })).body.toString(), /10\.9\.8\.7/)
  })
})

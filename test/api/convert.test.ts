import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Converted } from '../../src/api/contract-setup.ts'
import { newKey } from '../../src/auth/key-text.ts'
import type { Fetched } from '../support/http.ts'
import { startSetup } from './setup-support.ts'

function convertedIn({ status, body }: Fetched): Converted {
  assert.equal(status, 200, body.toString())
  return JSON.parse(body.toString())
}

function problemIn({ status, body }: Fetched): string {
  const { error } = JSON.parse(body.toString()) as { error: { code: string } } // the shape of every error
  return `${status} ${error.code}`
}

const host = 'cache.lan:5000'
const DIGEST = `sha256:${'a'.repeat(64)}`

suite('GET /convert', () => {
  test('names, commands and pages become names of this cache', async (t) => {
    const server = await startSetup(t)
    const names: Readonly<Record<string, [name: string, pulled: string]>> = {
      nginx: ['docker.io/library/nginx:latest', `${host}/nginx:latest`],
      'docker pull nginx:1.27': ['docker.io/library/nginx:1.27', `${host}/nginx:1.27`],
      'hub/grafana/grafana': ['docker.io/grafana/grafana:latest', `${host}/grafana/grafana:latest`],
      'ghcr/org/app:1': ['ghcr.io/org/app:1', `${host}/ghcr.io/org/app:1`],
      [`quay.io/org/app:1@${DIGEST}`]: [`quay.io/org/app@${DIGEST}`, `${host}/quay.io/org/app@${DIGEST}`],
      'https://hub.docker.com/_/redis': ['docker.io/library/redis:latest', `${host}/redis:latest`],
      'https://github.com/Org/app/pkgs/container/app': [
        'ghcr.io/org/app:latest',
        `${host}/ghcr.io/org/app:latest`,
      ],
      [`${host}/ghcr.io/org/app:1`]: ['ghcr.io/org/app:1', `${host}/ghcr.io/org/app:1`],
      [`docker pull ${host}/k/${newKey()}/nginx`]: ['docker.io/library/nginx:latest', `${host}/nginx:latest`],
      'https://registry-1.docker.io/v2/library/nginx/manifests/1': [
        'docker.io/library/nginx:1',
        `${host}/nginx:1`,
      ],
    }
    for (const [text, [name, pulled]] of Object.entries(names)) {
      const { name: said, lines } = convertedIn(await server.convert(text, { host }))
      assert.equal(said, name, text)
      assert.deepEqual(
        lines.map(({ label }) => label),
        ['docker', 'podman', 'containerd', 'skopeo', 'Kubernetes'],
      )
      assert.equal(lines[0]?.text, `docker pull ${pulled}`)
      for (const { text: line } of lines) assert.ok(line.includes(pulled), line)
    }
  })

  test('a public address speaks TLS and needs no flags', async (t) => {
    const server = await startSetup(t, { toml: '[server]\npublic_url = "https://cache.example.com"\n' })
    const { lines } = convertedIn(await server.convert('nginx'))
    assert.doesNotMatch(JSON.stringify(lines), /tls-verify|plain-http/)
    assert.equal(lines[4]?.text, 'image: "cache.example.com/nginx:latest"')
  })

  test('says what is no image, no name, and no upstream of ours', async (t) => {
    const server = await startSetup(t)
    const problems: Readonly<Record<string, string>> = {
      'https://github.com/owner/repo/issues/1': '400 bad_request',
      'https://example.org/a.tar.gz': '404 name_unknown',
      'docker pull': '400 bad_request',
      'reg.example/app': '404 name_unknown',
      'Upper/Case': '400 name_invalid',
      'nginx:.bad': '400 tag_invalid',
      'nginx@sha256:zz': '400 digest_invalid',
      [`${host}/`]: '400 name_invalid',
      'nginx;id': '400 name_invalid',
      'ghcr.io/a$(id)': '400 name_invalid',
    }
    for (const [text, problem] of Object.entries(problems))
      assert.equal(problemIn(await server.convert(text, { host })), problem, text)
    assert.equal(problemIn(await server.convert('')), '400 bad_request')
    assert.equal(problemIn(await server.convert('a'.repeat(2001))), '400 bad_request')
  })

  test('gives no line for what rules keep from whoever asks', async (t) => {
    const toml = '[[rule]]\neffect = "deny"\nmatch = ["ghcr.io/secret/**"]\n'
    const guest = await startSetup(t, { toml })
    assert.equal(problemIn(await guest.convert('ghcr.io/secret/app')), '403 denied')
    assert.equal((await guest.convert('ghcr.io/open/app')).status, 200)
    const operator = await startSetup(t, {
      toml,
      principal: { kind: 'user', name: 'carol', role: 'operator' },
    })
    assert.equal((await operator.convert('ghcr.io/secret/app')).status, 200)
  })
})

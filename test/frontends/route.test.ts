import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createRouter, parseNamespace } from '../../src/frontends/oci/route.ts'
import { codeOf } from './support.ts'

const router = createRouter([
  { name: 'docker.io', aliases: ['index.docker.io', 'hub'], default: true, hosts: ['docker.test'] },
  { name: 'ghcr.io', aliases: ['ghcr'], default: false, hosts: ['ghcr.test'] },
  { name: 'reg.test:8443', aliases: [], default: false, hosts: [] },
])

interface Ask {
  readonly name: string
  readonly prefix?: string
  readonly ns?: string
  readonly host?: string
}

const ask = ({ name, prefix, ns, host = 'cache.test' }: Ask) => ({
  name: name.split('/'),
  prefix,
  namespace: ns,
  host,
})

function where(asked: Ask): string {
  const { upstream, repository } = router.resolve(ask(asked))
  return `${upstream.name} ${repository}`
}

describe('a name', () => {
  test('without a registry belongs to the default upstream', () => {
    assert.equal(where({ name: 'nginx' }), 'docker.io library/nginx')
    assert.equal(where({ name: 'org/app' }), 'docker.io org/app')
    assert.equal(where({ name: 'library/nginx' }), 'docker.io library/nginx')
  })

  test('may begin with its registry, or an alias of it', () => {
    assert.equal(where({ name: 'docker.io/nginx' }), 'docker.io library/nginx')
    assert.equal(where({ name: 'hub/nginx' }), 'docker.io library/nginx')
    assert.equal(where({ name: 'ghcr.io/org/app' }), 'ghcr.io org/app')
    assert.equal(where({ name: 'reg.test:8443/app' }), 'reg.test:8443 app')
  })

  test('of one component gets library/ on Docker Hub and nowhere else', () => {
    assert.equal(where({ name: 'ghcr.io/solo' }), 'ghcr.io solo')
    assert.equal(where({ name: 'solo', ns: 'ghcr.io' }), 'ghcr.io solo')
    assert.equal(where({ name: 'solo', host: 'ghcr.test' }), 'ghcr.io solo')
    assert.equal(where({ name: 'solo', prefix: 'ghcr' }), 'ghcr.io solo')
  })

  test('that is an alias and nothing more is a repository of the default upstream', () => {
    assert.equal(where({ name: 'hub' }), 'docker.io library/hub')
    assert.equal(
      codeOf(() => where({ name: 'ghcr.io' })),
      'name_invalid',
    )
  })

  test('that repeats what the request said already loses the repetition only', () => {
    for (const said of [
      { ns: 'ghcr.io' },
      { prefix: 'ghcr.io' },
      { host: 'ghcr.test' },
      { ns: 'GHCR.IO:443' },
    ]) {
      assert.equal(where({ name: 'ghcr.io/org/app', ...said }), 'ghcr.io org/app')
      assert.equal(where({ name: 'ghcr/org/app', ...said }), 'ghcr.io org/app')
      assert.equal(where({ name: 'hub/org/app', ...said }), 'ghcr.io hub/org/app')
    }
  })

  test('of a registry that is not configured is unknown', () => {
    const unknown: Ask[] = [
      { name: 'evil.test/app' },
      { name: 'localhost/app' },
      { name: 'host:1/app' },
      { name: 'app', ns: 'evil.test' },
      { name: 'app', prefix: 'evil' },
      { name: 'app', ns: 'docker.io:5000' },
      { name: 'app', ns: 'constructor' },
      { name: 'app', prefix: '__proto__' },
    ]
    for (const asked of unknown) {
      assert.equal(
        codeOf(() => where(asked)),
        'name_unknown',
        JSON.stringify(asked),
      )
    }
  })

  test('of two registries at once is unknown', () => {
    const conflicts: Ask[] = [
      { name: 'app', ns: 'ghcr.io', prefix: 'docker.io' },
      { name: 'app', ns: 'ghcr.io', host: 'docker.test' },
      { name: 'app', prefix: 'ghcr', host: 'docker.test' },
    ]
    for (const asked of conflicts) {
      assert.equal(
        codeOf(() => where(asked)),
        'name_unknown',
        JSON.stringify(asked),
      )
    }
    assert.equal(where({ name: 'app', ns: 'ghcr', prefix: 'ghcr.io', host: 'ghcr.test' }), 'ghcr.io app')
  })

  test('that no registry could have is invalid', () => {
    for (const name of ['Nginx', 'x/a..b', '-a', 'a/', 'a_', '__proto__', 'a/../b', 'a b', 'a'.repeat(256)]) {
      assert.equal(
        codeOf(() => where({ name })),
        'name_invalid',
        name,
      )
    }
  })
})

describe('ns', () => {
  const parse = (query: string) => parseNamespace(new URLSearchParams(query))

  test('is a host name with an optional port', () => {
    assert.equal(parse(''), undefined)
    assert.equal(parse('ns=docker.io'), 'docker.io')
    assert.equal(parse('ns=reg.test%3A8443'), 'reg.test:8443')
    assert.equal(parse('ns=DOCKER.IO'), 'DOCKER.IO')
  })

  test('of any other kind is refused', () => {
    const bad = [
      'ns=',
      'ns=docker.io&ns=docker.io',
      'ns=docker.io&ns=ghcr.io',
      'ns=docker.io/library',
      'ns=docker.io%0d%0aX-Evil:%201',
      'ns=docker.io%00',
      'ns=%20docker.io',
      'ns=user@docker.io',
      'ns=https://docker.io',
      'ns=docker.io:',
      'ns=docker.io:123456',
      'ns=d%C3%B6cker.io',
      'ns=[::1]',
      'ns=..',
      `ns=${'a'.repeat(256)}`,
    ]
    for (const query of bad) {
      assert.equal(
        codeOf(() => parse(query)),
        'name_invalid',
        query,
      )
    }
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GoSettings } from '../../../src/frontends/go/settings.ts'
import { createSources } from '../../../src/frontends/go/sources.ts'

const settings: GoSettings = {
  enabled: true,
  verify: 'record',
  upstreams: [
    { name: 'proxy.golang.org', match: [], onError: 'stop' },
    { name: 'corp', match: ['corp.example.com/**', 'github.com/Our/*'], onError: 'stop' },
    { name: 'goproxy.cn', match: [], onError: 'stop' },
  ],
  databases: [],
  private: ['secret.example.com', 'go:*.internal.example.com/**'],
  whenUnreachable: 'error',
  listTtl: 60_000,
}

const sourceOf = createSources(settings)
const namesFor = (module: string) => sourceOf(module).upstreams.map(({ name }) => name)

test('public modules are asked of those who match nothing, in order', () => {
  for (const module of ['golang.org/x/text', 'corp.example.computer/a', 'github.com/our', 'example.com']) {
    assert.deepEqual(namesFor(module), ['proxy.golang.org', 'goproxy.cn'], module)
    assert.equal(sourceOf(module).privateBy, undefined)
  }
})

test('what an upstream names is asked of it alone, with all below it, in whatever case', () => {
  for (const module of [
    'corp.example.com',
    'corp.example.com/a/b/v2',
    'github.com/our/a',
    'github.com/OUR/a/sub',
  ])
    assert.deepEqual(namesFor(module), ['corp'], module)
  assert.equal(sourceOf('corp.example.com/a').privateBy, 'corp.example.com')
})

test('what is private and has no upstream is asked of nobody', () => {
  for (const module of ['secret.example.com/x/y', 'secret.example.com', 'a.internal.example.com/b']) {
    assert.deepEqual(namesFor(module), [], module)
    assert.notEqual(sourceOf(module).privateBy, undefined)
  }
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseSearch, parseTags } from '../../src/hub/parse.ts'

const DIGEST = `sha256:${'ab'.repeat(32)}`
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const search = (results: unknown, rest: object = {}) =>
  parseSearch(json({ count: 1, next: '', results, ...rest }))
const tags = (results: unknown) => parseTags(json({ count: 1, next: null, results }))
const GOOD = {
  repo_name: 'nginx',
  short_description: 'a server',
  star_count: 9,
  pull_count: 12,
  is_official: true,
}

suite('a page of repositories', () => {
  test('is read as Docker Hub writes it', () => {
    const list = search([GOOD, { ...GOOD, repo_name: 'grafana/grafana', is_official: false }], {
      count: 40,
      next: 'https://elsewhere.example/',
    })
    assert.deepEqual(list, {
      total: 40,
      hasMore: true,
      items: [
        { repository: 'library/nginx', description: 'a server', stars: 9, pulls: 12, official: true },
        { repository: 'grafana/grafana', description: 'a server', stars: 9, pulls: 12, official: false },
      ],
    })
    assert.deepEqual(search([], { count: 0 }), { items: [], total: 0, hasMore: false })
  })

  test('is none where it is no list', () => {
    const wrong = [
      '',
      '[]',
      'null',
      '{"results":{}}',
      '{"count":3}',
      '<html>',
      '{"results":[1,null,"x"]}',
      '{"results":[',
    ]
    for (const text of wrong) assert.equal(parseSearch(Buffer.from(text)), undefined, text)
    assert.equal(parseSearch(Buffer.from('['.repeat(500_000))), undefined)
    assert.equal(parseSearch(Buffer.from([0xff, 0xfe, 0x7b])), undefined)
  })

  test('leaves out rows with names that are none, and what else is no fact', () => {
    const names = [
      '../../etc',
      'a/b/c',
      'Upper/case',
      'a b',
      'evil.example:1/x',
      'x'.repeat(300),
      '',
      7,
      null,
      '__proto__',
    ]
    const list = search([...names.map((repo_name) => ({ ...GOOD, repo_name })), GOOD])
    assert.deepEqual(
      list?.items.map(({ repository }) => repository),
      ['library/nginx'],
    )
    const odd = {
      repo_name: 'bad/numbers',
      short_description: 7,
      star_count: -1,
      pull_count: 1e300,
      is_official: true,
    }
    const [row] = search([odd], { count: 'many' })?.items ?? []
    assert.deepEqual(row, { repository: 'bad/numbers', description: '', stars: 0, pulls: 0, official: false })
    assert.equal(search([GOOD], { count: 'many' })?.total, 1)
    const many = Array.from({ length: 1000 }, () => GOOD)
    assert.equal(search(many)?.items.length, 25)
    assert.equal(parseSearch(json({ results: many }), 100)?.items.length, 100)
  })

  test('says what people read in one line that is what it looks like', () => {
    const described = (short_description: string) =>
      search([{ ...GOOD, short_description }])?.items[0]?.description
    assert.equal(described('a\u001b[31m\r\nb\u0000c'), 'a [31m b c')
    assert.equal(described('safe\u202egpj.exe\u2066x\u200b\ufeff'), 'safe gpj.exe x')
    assert.equal(described('\ud800 alone'), '\ufffd alone')
    assert.equal(described('家 👩‍🔧 é'), '家 👩‍🔧 é')
    const long = described('👍'.repeat(2_000_000)) ?? ''
    assert.ok(long.length <= 301 && long.endsWith('👍…') && long.isWellFormed(), long.slice(-4))
  })
})

suite('a page of tags', () => {
  const IMAGE = {
    architecture: 'arm64',
    os: 'linux',
    variant: 'v8',
    digest: DIGEST,
    size: 1234,
    status: 'active',
  }

  test('is read as Docker Hub writes it', () => {
    const row = {
      name: '1.27',
      full_size: 1,
      last_updated: '2025-12-30T08:15:00.123456Z',
      digest: DIGEST,
      images: [IMAGE],
    }
    assert.deepEqual(tags([row])?.items, [
      {
        tag: '1.27',
        digest: DIGEST,
        updated: Date.UTC(2025, 11, 30, 8, 15, 0, 123),
        platforms: [{ platform: 'linux/arm64/v8', digest: DIGEST, size: 1234 }],
      },
    ])
    const plain = { ...IMAGE, architecture: 'amd64', variant: null }
    assert.equal(tags([{ ...row, images: [plain] }])?.items[0]?.platforms[0]?.platform, 'linux/amd64')
  })

  test('has no attestations, and nothing that is none of what it should be', () => {
    const images = [
      { ...IMAGE, os: 'unknown', architecture: 'unknown' },
      { ...IMAGE, os: 'lin\u001bux' },
      { ...IMAGE, architecture: '' },
      { ...IMAGE, digest: 'sha256:short', size: '12' },
      null,
      'x',
    ]
    const row = { name: 'ok', last_updated: 'yesterday', digest: 'md5:00', images }
    assert.deepEqual(tags([row])?.items, [
      {
        tag: 'ok',
        digest: undefined,
        updated: undefined,
        platforms: [{ platform: 'linux/arm64/v8', digest: undefined, size: 0 }],
      },
    ])
    assert.deepEqual(tags([{ name: 'ok', images: 'none' }])?.items[0]?.platforms, [])
    for (const last_updated of ['9999-12-31T00:00:00Z', '2100-01-01T00:00:00Z', '1969-12-31T00:00:00Z'])
      assert.equal(tags([{ name: 'ok', last_updated }])?.items[0]?.updated, undefined, last_updated)
    assert.equal(
      tags([{ name: 'ok', images: Array.from({ length: 5000 }, () => IMAGE) }])?.items[0]?.platforms.length,
      64,
    )
    for (const name of ['-x', 'a b', 'a/b', 't'.repeat(129), '', '\u202e1', 3])
      assert.equal(tags([{ name }]), undefined, String(name))
  })
})

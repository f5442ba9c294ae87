import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { fullPattern } from '../../src/api/pattern.ts'
import { ANONYMOUS } from '../../src/domain/principal.ts'
import { isProtocolName, protocolNameProblem } from '../../src/domain/protocol-names.ts'
import { createPolicy } from '../../src/policy/policy.ts'

const UPSTREAMS = [{ name: 'docker.io', aliases: ['hub'], default: true }]
const GIT_HOSTS = ['github.com', 'git.lan:3000']

const policyOf = (match: string) =>
  createPolicy([{ effect: 'deny', match: [match], users: ['*'], actions: ['pull'] }], UPSTREAMS, GIT_HOSTS)
const warningOf = (match: string) => policyOf(match).warnings[0]
const denies = (match: string, name: string) =>
  policyOf(match).decide(ANONYMOUS, { name }, 'pull').effect === 'deny'

suite('a rule on names of other protocols', () => {
  test('is matched as written, upper and lower case alike', () => {
    const hits: readonly (readonly [pattern: string, name: string, isHit: boolean])[] = [
      ['go:golang.org/x/**', 'go:golang.org/x/text', true],
      ['go:golang.org/x', 'go:golang.org/x/text', false],
      ['go:github.com/Azure/**', 'go:github.com/azure/go-sdk', true],
      ['go:sumdb/sum.golang.org', 'go:sumdb/sum.golang.org', true],
      ['github:Owner/*', 'github:owner/repo', true],
      ['github:gist/*', 'github:gist/0123abc', true],
      ['hf:org/**', 'hf:org/model', true],
      ['hf:models/org/**', 'hf:org/model', true],
      ['hf:models/org/**', 'hf:org', true],
      ['hf:datasets/org/*', 'hf:datasets/org/data', true],
      ['hf:org/**', 'hf:datasets/org/data', false],
      ['git:github.com/owner/**', 'git:github.com/owner/repo', true],
      ['git:git.lan:3000/team/app', 'git:git.lan:3000/team/app', true],
      ['git:**', 'git:git.lan:3000/team/app', true],
      ['git:**', 'github:owner/repo', false],
      ['go:**', 'docker.io/library/go', false],
    ]
    for (const [pattern, name, isHit] of hits)
      assert.equal(denies(pattern, name), isHit, `${pattern} on ${name}`)
  })

  test('that can match nothing is told, with what was perhaps meant', () => {
    const problems: readonly (readonly [pattern: string, problem: RegExp])[] = [
      ['go:', /"go:\*\*" means everything of it/],
      ['go:text', /modules begin with a host/],
      ['go:golang.org/x/text@v1.0.0', /no versions/],
      ['go:golang.org/x/text/@v/v1.0.0.zip', /no versions/],
      ['github:owner', /"github:owner\/repo".*\/\*\*/],
      ['github:owner/', /a part of it is empty/],
      ['github:owner/repo/releases', /no more parts/],
      ['github:owner/repo/releases/**', /no more parts/],
      ['github:owner/repo:v1', /no versions/],
      ['GITHUB:*', /"github:owner\/repo"/],
      ['hf:datasets', /"hf:org\/model"/],
      ['hf:org/model/main', /no more parts/],
      ['hf:org/model@main', /no versions/],
      ['git:github.com', /owner\/repo/],
      ['git:gitlab.com/a/b', /git.hosts does not have "gitlab.com"/],
    ]
    for (const [pattern, problem] of problems) {
      const warning = warningOf(pattern) ?? assert.fail(`${pattern} is not warned about`)
      assert.ok(warning.startsWith(`rule 1: "${pattern}" matches nothing; `), warning)
      assert.match(warning, problem)
    }
    const good = [
      'go:**',
      'go:*/**',
      'go:golang.org',
      'github:**',
      'github:*/repo',
      'github:owner/**',
      'hf:gpt2',
    ]
    for (const pattern of [
      ...good,
      'github:own*/**',
      'hf:datasets/**',
      'git:*.com/**',
      'git:git.lan:3000/a/b/c',
      '**',
    ])
      assert.equal(warningOf(pattern), undefined, pattern)
  })

  test('that is said to match nothing matches no name there is', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,3}(\.[a-z]{1,2})?$/)
    const parts = (least: number, most: number) =>
      fc.array(part, { minLength: least, maxLength: most }).map((words) => words.join('/'))
    const name = fc.oneof(
      fc.tuple(parts(0, 2), fc.constantFrom('a.b', 'golang.org')).map(([rest, host]) => {
        return `go:${host}${rest === '' ? '' : `/${rest}`}`
      }),
      parts(2, 2).map((text) => `github:${text}`),
      parts(1, 2).map((text) => `hf:${text}`),
      parts(1, 2).map((text) => `hf:datasets/${text}`),
      parts(1, 3).map((text) => `git:github.com/${text}`),
    )
    /** A pattern made of a name: words replaced by globs, parts taken away or added. */
    const pattern = fc
      .tuple(name, fc.array(fc.constantFrom('', '*', '**', '?', 'x', 'a.b'), { maxLength: 3 }), fc.nat(4))
      .map(([text, extra, keep]) => [...text.split('/').slice(0, keep + 1), ...extra].join('/'))
    fc.assert(
      fc.property(pattern, name, (written, target) => {
        if (warningOf(written) !== undefined)
          assert.equal(denies(written, target), false, `${written} on ${target}`)
      }),
      { numRuns: 3000 },
    )
  })
})

suite('a name of another protocol', () => {
  test('is told from an image, and gets no registry', () => {
    for (const name of ['go:a.b/c', 'hf:gpt2', 'GitHub:o/r', 'git:github.com/o/r', 'hf:**']) {
      assert.equal(isProtocolName(name), true, name)
      // In the one form in which such names are kept.
      assert.equal(fullPattern(UPSTREAMS, name), name.replace('GitHub', 'github'))
    }
    for (const name of ['nginx', 'go', 'docker.io/library/go:1.2', 'localhost:5000/go', 'gopher:1', 'a/hf:1'])
      assert.equal(isProtocolName(name), false, name)
    assert.equal(fullPattern(UPSTREAMS, 'go'), 'docker.io/library/go')
  })

  test('may go on below a repository where entries are meant', () => {
    for (const name of [
      'go:a.b/c/@v/v1.0.0.zip',
      'github:o/r/releases/download/v1/x',
      'hf:o/m/main/config.json',
    ])
      assert.equal(protocolNameProblem(name, { of: 'entry' }), undefined, name)
    assert.notEqual(protocolNameProblem('github:o', { of: 'entry' }), undefined)
  })
})

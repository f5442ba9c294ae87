import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { ANONYMOUS, type Principal } from '../../src/domain/principal.ts'
import { type Action, createPolicy, type Rule } from '../../src/policy/policy.ts'

const UPSTREAMS = [
  { name: 'docker.io', aliases: ['hub', 'index.docker.io'] },
  { name: 'ghcr.io', aliases: ['ghcr'] },
  { name: 'localhost:5000', aliases: [] },
]
const ALICE: Principal = { kind: 'user', name: 'alice', role: 'user' }
const NAS: Principal = { kind: 'key', name: 'nas' }
const DIGEST = `sha256:${'ab'.repeat(32)}`

const rule = (over: Partial<Rule>): Rule => ({
  effect: 'deny',
  match: ['**'],
  users: ['*'],
  actions: ['pull'],
  ...over,
})
const policy = (...rules: Partial<Rule>[]) => createPolicy(rules.map(rule), UPSTREAMS)

/** Whether a deny rule with this pattern hits. */
function denies(pattern: string, name: string, reference?: string): boolean {
  const target = reference === undefined ? { name } : { name, reference }
  return policy({ match: [pattern] }).decide(ANONYMOUS, target, 'pull').effect === 'deny'
}

function allows(pattern: string, name: string, reference?: string): boolean {
  const target = reference === undefined ? { name } : { name, reference }
  return (
    policy({ effect: 'allow', match: [pattern] }, {}).decide(ANONYMOUS, target, 'pull').effect === 'allow'
  )
}

suite('a rule', () => {
  test('is about names: a star within a component, two across, upper and lower case alike', () => {
    const hits: readonly (readonly [pattern: string, name: string, isHit: boolean])[] = [
      ['docker.io/evil/**', 'docker.io/evil/app', true],
      ['docker.io/evil/**', 'docker.io/evil/a/b', true],
      ['docker.io/evil/**', 'docker.io/evil', true],
      ['docker.io/evil/**', 'docker.io/evilness/app', false],
      ['docker.io/evil/**', 'ghcr.io/evil/app', false],
      ['docker.io/evil/*', 'docker.io/evil/a/b', false],
      ['docker.io/evil', 'docker.io/evil/app', false],
      ['Docker.IO/Evil/*', 'docker.io/evil/app', true],
      ['docker.io/*/miner', 'docker.io/a/miner', true],
      ['**/miner', 'ghcr.io/a/b/miner', true],
      ['*/evil/**', 'ghcr.io/evil/app', true],
      ['**', 'github:owner/repo', true],
      ['github:owner/repo', 'github:Owner/Repo', true],
      ['github:owner/*', 'github:owner/repo', true],
      ['github:owner/**', 'github:owner', true],
      ['go:golang.org/x/**', 'go:golang.org/x/text', true],
      ['go:golang.org/x/**', 'go:golang.org/xx', false],
      ['hf:gpt2', 'hf:gpt2', true],
      ['hf:org/*', 'github:org/repo', false],
      ['localhost:5000/team/*', 'localhost:5000/team/app', true],
    ]
    for (const [pattern, name, isHit] of hits)
      assert.equal(denies(pattern, name, '1'), isHit, `${pattern} on ${name}`)
  })

  test('may use the names of upstreams that people use', () => {
    assert.equal(denies('docker.io/nginx', 'docker.io/library/nginx'), true)
    assert.equal(denies('hub/nginx:1*', 'docker.io/library/nginx', '1.27'), true)
    assert.equal(denies('ghcr/org/**', 'ghcr.io/org/app'), true)
    assert.equal(denies('docker.io/**', 'docker.io/org/app'), true)
    assert.equal(denies('ghcr.io/app', 'ghcr.io/library/app'), false)
  })

  test('with a tag is about that tag; digests are allowed with it, and not denied', () => {
    const pattern = 'docker.io/library/nginx:1.*'
    const cases: readonly (readonly [
      name: string,
      reference: string | undefined,
      denied: boolean,
      allowed: boolean,
    ])[] = [
      ['docker.io/library/nginx', '1.27', true, true],
      ['docker.io/library/nginx', '2.0', false, false],
      ['docker.io/library/nginx', DIGEST, false, true],
      ['docker.io/library/nginx', undefined, false, true],
      ['docker.io/library/redis', '1.27', false, false],
      ['docker.io/library/redis', DIGEST, false, false],
    ]
    for (const [name, reference, denied, allowed] of cases) {
      assert.equal(denies(pattern, name, reference), denied, `deny ${name} ${reference}`)
      assert.equal(allows(pattern, name, reference), allowed, `allow ${name} ${reference}`)
    }
    assert.equal(denies('localhost:5000/a/b:latest', 'localhost:5000/a/b', 'latest'), true)
    assert.equal(denies('**:latest', 'ghcr.io/a/b', 'latest'), true)
    assert.equal(denies(`ghcr.io/a/b@${DIGEST}`, 'ghcr.io/a/b', DIGEST), true)
    assert.equal(denies(`ghcr.io/a/b@${DIGEST}`, 'ghcr.io/a/b', 'latest'), false)
    assert.equal(denies('ghcr.io/a/b@sha256:cd*', 'ghcr.io/a/b', DIGEST), false)
  })

  test('is about somebody: everybody, nobody in particular, users, keys', () => {
    const hit = (users: string[], who: Principal) =>
      policy({ users }).decide(who, { name: 'ghcr.io/a' }, 'pull').effect === 'deny'
    const all = [ANONYMOUS, ALICE, NAS]
    assert.deepEqual(
      all.map((who) => hit(['*'], who)),
      [true, true, true],
    )
    assert.deepEqual(
      all.map((who) => hit(['anonymous'], who)),
      [true, false, false],
    )
    assert.deepEqual(
      all.map((who) => hit(['bob', 'alice'], who)),
      [false, true, false],
    )
    assert.deepEqual(
      all.map((who) => hit(['key:nas'], who)),
      [false, false, true],
    )
    assert.deepEqual(
      all.map((who) => hit(['nas', 'Alice'], who)),
      [false, false, false],
    )
  })

  test('is about what is done, and says why', () => {
    const { decide } = policy({ actions: ['store'], match: ['ghcr.io/**'] }, { match: ['ghcr.io/x/*'] })
    const target = { name: 'ghcr.io/x/y', reference: '1' }
    assert.deepEqual(decide(NAS, target, 'pull'), {
      effect: 'deny',
      rule: 1,
      reason: 'rule 2 forbids key:nas to pull ghcr.io/x/y:1',
    })
    assert.equal(decide(NAS, target, 'store').rule, 0)
    assert.deepEqual(decide(NAS, { name: 'docker.io/a' }, 'pull'), {
      effect: 'allow',
      rule: undefined,
      reason: 'no rule is about it',
    })
  })

  test('that can match nothing is told', () => {
    const told = (pattern: string) => policy({ match: [pattern] }).warnings
    assert.match(
      told('evil/**')[0] ?? '',
      /^rule 1: "evil\/\*\*" matches nothing; names begin with an upstream/,
    )
    assert.match(told('nginx:1')[0] ?? '', /matches nothing/)
    assert.match(told('quay.io/a/*')[0] ?? '', /matches nothing/)
    assert.match(told('docker.io')[0] ?? '', /"docker\.io\/\*\*" means everything/)
    const fine = [
      '**',
      '*/a/b',
      'docker.io/nginx',
      'hub/a/*',
      'GHCR.io/**',
      'github:a/b',
      'localhost:5000/a:1',
    ]
    assert.deepEqual(policy({ match: fine }).warnings, [])
  })
})

suite('rules', () => {
  const PATTERNS = ['**', 'docker.io/**', 'docker.io/a/*', 'ghcr.io/a/b', 'ghcr.io/**', '*/a/**']
  const rules = fc.array(
    fc.record({
      effect: fc.constantFrom<'allow' | 'deny'>('allow', 'deny'),
      match: fc.subarray(PATTERNS, { minLength: 1 }),
      users: fc.subarray(['*', 'anonymous', 'alice', 'key:nas'], { minLength: 1 }),
      actions: fc.subarray<Action>(['pull', 'store'], { minLength: 1 }),
    }),
    { maxLength: 6 },
  )
  const asked = fc.record({
    who: fc.constantFrom(ANONYMOUS, ALICE, NAS),
    name: fc.constantFrom('docker.io/a/b', 'docker.io/c/d', 'ghcr.io/a/b', 'ghcr.io/a/c', 'quay.io/a/b'),
    action: fc.constantFrom<Action>('pull', 'store'),
  })

  test('are read in order: the first that hits alone decides, none allows', () => {
    const check = (
      all: readonly Rule[],
      { who, name, action }: { who: Principal; name: string; action: Action },
    ) => {
      const hits = all.map((one) => createPolicy([one], UPSTREAMS).decide(who, { name }, action).rule === 0)
      const first = hits.indexOf(true)
      const { effect, rule: decided } = createPolicy(all, UPSTREAMS).decide(who, { name }, action)
      assert.equal(decided, first < 0 ? undefined : first)
      assert.equal(effect, first < 0 ? 'allow' : all[first]?.effect)
    }
    fc.assert(fc.property(rules, asked, check), { numRuns: 2000 })
  })

  test('behind one for everything and everybody never count', () => {
    const last = rule({ effect: 'deny', actions: ['pull', 'store'] })
    const check = (
      before: readonly Rule[],
      after: readonly Rule[],
      ask: { who: Principal; name: string; action: Action },
    ) => {
      const decide = (all: readonly Rule[]) =>
        createPolicy(all, UPSTREAMS).decide(ask.who, { name: ask.name }, ask.action)
      assert.deepEqual(decide([...before, last, ...after]), decide([...before, last]))
    }
    fc.assert(fc.property(rules, rules, asked, check), { numRuns: 500 })
  })

  test('say nothing about names outside of their patterns', () => {
    const only = rule({ match: ['docker.io/a/**', 'ghcr.io/x:1'] })
    const component = fc.stringMatching(/^[a-z0-9]{1,4}$/)
    const check = (parts: readonly string[]) => {
      const name = `ghcr.io/y/${parts.join('/')}`
      assert.equal(
        createPolicy([only], UPSTREAMS).decide(ANONYMOUS, { name, reference: '1' }, 'pull').effect,
        'allow',
      )
    }
    fc.assert(fc.property(fc.array(component, { minLength: 1, maxLength: 4 }), check))
  })
})

void test('it is known for whom everything of an upstream is denied, and never said of whom something is left', () => {
  const allow = (...match: string[]) => ({ effect: 'allow', match }) as const
  const deny = (...match: string[]) => ({ match })
  const cases: readonly (readonly [rules: Partial<Rule>[], isDenied: boolean])[] = [
    [[deny('docker.io/**')], true],
    [[deny('hub/**')], true],
    [[deny('ghcr.io/x', '**')], true],
    [[deny('*/**')], true],
    [[deny('docker.io/org/**'), deny('d*/**')], true],
    [[allow('ghcr.io/**', 'github:**'), deny('**')], true],
    [[], false],
    [[deny('ghcr.io/**')], false],
    [[deny('docker.io/org/**')], false],
    [[deny('docker.io/**:latest')], false],
    [[deny('**/app')], false],
    [[deny('github:**', 'hf:**')], false],
    [[{ ...deny('docker.io/**'), users: ['alice'] }], false],
    [[{ ...deny('docker.io/**'), actions: ['store'] }], false],
    [[allow('docker.io/nginx'), deny('**')], false],
    [[allow('docker.io/nginx:1.*'), deny('**')], false],
    [[allow('**/nginx'), deny('docker.io/**')], false],
    [[allow('*'), deny('docker.io/**')], false],
  ]
  for (const [rules, isDenied] of cases) {
    const found = policy(...rules).deniesAllOf(ANONYMOUS, 'docker.io')
    assert.equal(found !== undefined, isDenied, JSON.stringify(rules))
    if (isDenied) assert.match(found ?? '', /^rule \d forbids anonymous to pull anything of docker\.io$/)
  }
})

const PATTERNS = [
  'docker.io/**',
  'docker.io/org/**',
  'hub/nginx',
  '**',
  '*/**',
  '**/app',
  'docker.io/**:1*',
  'ghcr.io/**',
  'd?cker.io/**',
  'go:**',
]

void test('where everything is said to be denied, each name of it is', () => {
  const anyRule = fc.record({
    effect: fc.constantFrom('allow', 'deny'),
    match: fc.array(fc.constantFrom(...PATTERNS), { minLength: 1, maxLength: 2 }),
    users: fc.constantFrom(['*'], ['alice'], ['anonymous']),
  })
  const name = fc.constantFrom('library/nginx', 'org/app', 'org', 'a/b/c', 'library/app')
  fc.assert(
    fc.property(
      fc.array(anyRule, { maxLength: 4 }),
      name,
      fc.constantFrom('1', undefined),
      (rules, repo, tag) => {
        const rulebook = policy(...rules)
        if (rulebook.deniesAllOf(ANONYMOUS, 'docker.io') === undefined) return
        const target = { name: `docker.io/${repo}`, ...(tag === undefined ? {} : { reference: tag }) }
        assert.equal(rulebook.decide(ANONYMOUS, target, 'pull').effect, 'deny')
      },
    ),
  )
})

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createChecks } from '../../src/activity/checks.ts'
import { AppError } from '../../src/domain/errors.ts'

const FROM = { client: '10.0.0.7', userAgent: 'docker/29.1.3' }
const note = (nonce: string) => ({ nonce, upstream: 'docker.io', shape: 'namespace' }) as const

suite('pulls that pages wait for', () => {
  test('are told by their nonce alone, the first one of each, and only once it is waited for', () => {
    let now = 1000
    const checks = createChecks(() => now)
    checks.saw(note('a'), FROM)
    assert.equal(checks.look('a', '10.0.0.1'), undefined)
    now = 2000
    checks.saw(note('a'), FROM)
    now = 3000
    checks.saw(note('a'), { ...FROM, client: '10.0.0.8' })
    const seen = { at: 2000, ...FROM, upstream: 'docker.io', shape: 'namespace' } as const
    assert.deepEqual(checks.look('a', '10.0.0.1'), seen)
    assert.equal(checks.look('b', '10.0.0.1'), undefined)
  })

  test('are few: one address pushes out its own, and the longest unasked goes first', () => {
    const checks = createChecks(() => 0, 20)
    checks.look('other', '10.0.0.2')
    for (let n = 0; n < 40; n++) checks.look(`n${n}`, '10.0.0.1')
    for (const nonce of ['other', 'n39', 'n24', 'n23']) checks.saw(note(nonce), FROM)
    assert.ok(checks.look('other', '10.0.0.2') !== undefined, 'another address keeps its own')
    assert.ok(checks.look('n39', '10.0.0.1') !== undefined && checks.look('n24', '10.0.0.1') !== undefined)
    assert.equal(checks.look('n23', '10.0.0.1'), undefined, 'the 17th of one address')
    for (let n = 0; n < 20; n++) checks.look('x', `10.1.0.${n}`)
    for (let n = 0; n < 20; n++) checks.look(`y${n}`, `10.1.0.${n}`)
    assert.equal(checks.look('n39', '10.0.0.1'), undefined)
  })

  test('are asked for as often as pages do, no more', () => {
    let now = 0
    const checks = createChecks(() => now)
    for (let n = 0; n < 300; n++) checks.look('a', '10.0.0.1')
    const tooMany = (error: unknown) => error instanceof AppError && error.code === 'too_many_requests'
    assert.throws(() => checks.look('a', '10.0.0.1'), tooMany)
    checks.look('a', '10.0.0.2')
    now = 60_000
    checks.look('a', '10.0.0.1')
  })
})

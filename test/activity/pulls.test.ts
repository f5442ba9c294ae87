import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { MOST_PER_SECOND } from '../../src/activity/activity.ts'
import { DIGEST, REPO, stage } from './support.ts'

/** The only pull there is. */
function only({ activity }: ReturnType<typeof stage>) {
  const pulls = activity.pulls()
  assert.equal(pulls.length, 1)
  const [pull] = pulls
  assert.ok(pull)
  return pull
}

suite('requests become pulls:', () => {
  test('one image of one client, with its layers, from first question to last byte', () => {
    const scene = stage()
    const { begin, answer, later, clock } = scene
    const startedAt = clock()
    answer({ method: 'HEAD' })
    assert.deepEqual(scene.activity.pulls(), [], 'who only asks whether it is the same pulls nothing')
    answer({ ref: DIGEST(100) }, { bytes: 500 })
    answer({ ref: 1 }, { bytes: 1000, size: 1000 })
    const layer = begin({ ref: 2 })
    Object.assign(layer.notes, { outcome: 'miss', size: 4000, bytes: 1000 })
    const waiting = begin({ ref: 3 })
    later(1)
    const { view, rate } = only(scene)
    assert.deepEqual(
      [view.repository, view.reference, view.startedAt, view.endedAt],
      [REPO, '1.0', startedAt, undefined],
    )
    assert.deepEqual(view.layers, [
      { digest: DIGEST(1), size: 1000, done: 1000, state: 'hit' },
      { digest: DIGEST(2), size: 4000, done: 1000, state: 'fetching' },
      { digest: DIGEST(3), size: undefined, done: 0, state: 'fetching' },
    ])
    assert.deepEqual([view.bytes, rate], [2500, 2500])
    Object.assign(waiting.notes, { outcome: 'joined', size: 10 })
    assert.equal(only(scene).view.layers[2]?.state, 'joined')
    layer.notes.bytes = 4000
    layer.end()
    waiting.notes.bytes = 10
    waiting.end()
    later(1)
    assert.equal(only(scene).view.endedAt, undefined, 'the next request may be on its way')
    later(3)
    const ended = only(scene)
    assert.deepEqual([ended.view.endedAt, ended.rate], [startedAt + 1000, 0])
    assert.deepEqual(
      ended.view.layers.map(({ state }) => state),
      ['hit', 'done', 'done'],
    )
    later(26)
    assert.equal(scene.activity.pulls().length, 1)
    later(2)
    assert.equal(scene.activity.pulls().length, 0)
  })

  test('other clients, programs, repositories, users and tags are other pulls', () => {
    const { answer, activity } = stage()
    answer({})
    answer({ client: '10.0.0.8' })
    answer({ agent: 'skopeo/1.9' })
    answer({ repository: 'ghcr.io/a/b' })
    answer({}, { who: 'alice' })
    answer({ ref: '2.0' })
    answer({ ref: 7 }, { size: 1, bytes: 1 })
    const names = activity.pulls().map(({ view }) => view.reference)
    assert.deepEqual(names, ['2.0', '1.0', '1.0', '1.0', '1.0', '1.0'])
    const last = activity.pulls().find(({ view }) => view.reference === '2.0')
    assert.equal(last?.view.layers.length, 1, 'layers belong to the pull that began last')
  })

  test('a later pull of the same is another one, a layer that took long is not', () => {
    const scene = stage()
    const { answer, begin, later, activity } = scene
    answer({})
    const slow = begin({ ref: 1 })
    later(600)
    Object.assign(slow.notes, { outcome: 'miss', size: 5, bytes: 5 })
    slow.end()
    assert.equal(only(scene).view.layers[0]?.state, 'done')
    later(11)
    answer({})
    assert.equal(activity.pulls().length, 2)
  })

  test('a layer shows what is missing: cut, failed, in ranges, again', () => {
    const scene = stage()
    const left = scene.begin({ ref: 1 })
    Object.assign(left.notes, { outcome: 'hit', size: 100, bytes: 40 })
    left.end()
    const state = () => only(scene).view.layers[0]
    assert.deepEqual([state()?.state, state()?.done], ['failed', 40])
    const rest = scene.begin({ ref: 1 })
    rest.res.statusCode = 206
    Object.assign(rest.notes, { outcome: 'hit', size: 100, bytes: 60 })
    assert.deepEqual([state()?.state, state()?.done], ['hit', 100])
    rest.end()
    assert.deepEqual([state()?.state, state()?.done], ['hit', 100])
    const again = scene.begin({ ref: 1 })
    Object.assign(again.notes, { outcome: 'miss', size: 100, bytes: 10, error: { code: 'upstream_failed' } })
    again.end()
    assert.deepEqual([state()?.state, state()?.done], ['failed', 100], 'never more than there is')
  })

  test('a manifest that cannot be had says why', () => {
    const scene = stage()
    scene.answer({}, { error: { code: 'manifest_unknown' } })
    assert.equal(only(scene).view.error, 'manifest_unknown')
  })

  test('a clock that is set back breaks nothing', () => {
    const scene = stage()
    const { answer, begin, clock, activity } = scene
    answer({})
    const one = begin({ ref: 1 })
    one.notes.bytes = 10
    activity.pulls()
    clock.advance(-3_600_000)
    assert.ok(activity.pulls().every(({ rate }) => rate >= 0))
    one.end()
    answer({ client: '10.0.0.9' })
    clock.advance(7_200_000)
    assert.equal(activity.pulls().length, 0)
  })
})

suite('whatever comes, memory stays bounded:', () => {
  test('of a flood the first ones of each second are looked at, the others counted', () => {
    const { activity, answer, later } = stage()
    for (let n = 0; n < MOST_PER_SECOND + 50; n++) answer({ ref: n + 1 })
    assert.equal(activity.missed, 50)
    assert.equal(activity.clients()[0]?.requests, MOST_PER_SECOND + 50)
    later(1)
    answer({})
    assert.equal(activity.missed, 50)
  })

  test('a layer that is shown is followed to its end, flood or not', () => {
    const scene = stage()
    const { activity, answer, begin } = scene
    answer({})
    const one = begin({ ref: 1 })
    Object.assign(one.notes, { outcome: 'miss', size: 10 })
    activity.pulls()
    for (let n = 0; n < MOST_PER_SECOND; n++) answer({ client: '10.9.9.9' })
    one.notes.bytes = 10
    one.end()
    const pull = activity.pulls().find(({ view }) => view.client === '10.0.0.7')
    assert.equal(pull?.view.layers[0]?.state, 'done')
  })

  test('many pulls, many layers', () => {
    const { activity, answer, later } = stage()
    for (let n = 0; n < 900; n++) answer({ client: `10.1.${n >> 8}.${n & 255}` })
    assert.ok(activity.pulls().length <= 500)
    later(1)
    for (let n = 0; n < 900; n++) answer({ client: 'one', ref: n + 1 })
    const pull = activity.pulls().find(({ view }) => view.client === 'one')
    assert.equal(pull?.view.layers.length, 300)
  })
})

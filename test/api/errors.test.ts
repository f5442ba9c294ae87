import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { errorBody } from '../../src/api/answer.ts'
import type { ApiError } from '../../src/api/contract.ts'
import { AppError } from '../../src/domain/errors.ts'
import { because } from '../../src/domain/reasons.ts'
import { as, startGuarded } from '../security/access-support.ts'
import { api, jsonOf } from './session-support.ts'

suite('an error of the API can be said in another language', () => {
  test('by its code alone', () => {
    assert.deepEqual(errorBody(new AppError('busy')), {
      code: 'busy',
      message: 'this work is under way already',
      hint: 'wait for it to end and look at its result; "cachalot jobs" lists what ran',
    })
  })

  test('by its reason, with what stands in the sentence', () => {
    const { message, reason, params, said } = errorBody(
      new AppError('bad_request', because('key_taken', { name: 'ci\u001b[31m' })),
    )
    assert.deepEqual([reason, params, said], ['key_taken', { name: 'ci [31m' }, undefined])
    assert.equal(message, 'there is a pull key "ci [31m" already')
  })

  test('with what is left in English apart', () => {
    const upstream = errorBody(new AppError('upstream_failed', { detail: { said: 'oh\nno' } }))
    assert.deepEqual([upstream.message, upstream.said], ['the upstream failed: oh no', 'oh no'])
    const check = errorBody(new AppError('bad_request', { message: 'limit: too big' }))
    assert.deepEqual(
      [check.message, check.said, check.reason],
      ['limit: too big', 'limit: too big', undefined],
    )
  })

  test('wherever the console shows it', async (t) => {
    const { cache } = await startGuarded(t)
    const ask = async (path: string, options: Parameters<typeof api>[2] = {}, who = 'alice') => {
      const answer = await api(cache, path, { ...options, headers: as(who) })
      const { reason, params } = jsonOf<{ error: ApiError }>(answer).error
      return [reason, params]
    }
    const key = { method: 'PUT', body: { name: 'a b' } }
    assert.deepEqual(await ask('/keys', key), ['key_name', {}])
    assert.deepEqual(await ask('/keys', key, 'bob'), ['takes_admin', {}])
    assert.deepEqual(await ask('/images?filter=idle:x'), [
      'filter_time',
      { word: 'idle:x', example: 'idle:30d' },
    ])
    assert.deepEqual(await ask('/image?name=app:9'), ['not_cached', { name: 'docker.io/library/app:9' }])
    assert.deepEqual(await ask('/convert?text=https://user-images.githubusercontent.com/1/a.png'), [
      'no_image_files',
      {},
    ])
    const short = { method: 'PUT', body: { name: 'dora', password: 'x' } }
    assert.deepEqual(await ask('/users', short), ['password_length', { least: 8, most: 72 }])
    const pin = { method: 'DELETE', body: { match: ['docker.io/library/x'] } }
    assert.deepEqual(await ask('/pins', pin), ['no_pin', { match: 'docker.io/library/x' }])
  })
})

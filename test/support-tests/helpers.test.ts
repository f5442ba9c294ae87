import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { tempDir } from '../support/temp.ts'

void describe('tempDir', () => {
  void it('is there during the test and gone with its files after it', async (t) => {
    let path = ''
    await t.test('inner', async (inner) => {
      path = await tempDir(inner)
      writeFileSync(join(path, 'file'), 'x')
    })
    assert.notEqual(path, '')
    assert.equal(existsSync(path), false)
  })
})

void describe('fakeClock', () => {
  void it('moves only when told', () => {
    const clock = fakeClock(1000)
    assert.equal(clock(), 1000)
    clock.advance(500)
    assert.equal(clock(), 1500)
    clock.advance(-1000)
    assert.equal(clock(), 500)
    clock.set(7)
    assert.equal(clock(), 7)
  })
})

void describe('collectorLog', () => {
  void it('keeps level, message and fields, those of the parents too', () => {
    const log = collectorLog()
    log.child({ upstream: 'docker.io' }).child({ id: 1 }).warn({ id: 2 }, 'slow answer')
    log.info({}, 'started')
    assert.deepEqual(log.find('warn'), [
      { level: 'warn', message: 'slow answer', fields: { upstream: 'docker.io', id: 2 } },
    ])
    assert.equal(log.find(/start/).length, 1)
  })

  void it('gives its text with errors and their causes, so that secrets can be searched', () => {
    const log = collectorLog()
    log.error({ error: new Error('outer', { cause: new Error('CANARY') }) })
    assert.match(log.text(), /outer/)
    assert.match(log.text(), /CANARY/)
    log.clear()
    assert.equal(log.text(), '')
  })
})

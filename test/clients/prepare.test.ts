import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packagesFor } from './prepare.ts'

test('what is missing is installed, and with it a font for pictures of Chinese pages', () => {
  assert.deepEqual(packagesFor([], true), [])
  assert.deepEqual(packagesFor([], false), ['fonts-wqy-microhei'])
  assert.deepEqual(packagesFor(['containerd', 'ctr', 'chromium'], false), [
    'containerd',
    'chromium',
    'fonts-wqy-microhei',
  ])
})

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDir } from '../support/temp.ts'
import { packagesFor } from './prepare.ts'
import { prepareHfPython } from './prepare-python.ts'

test('what is missing is installed, and with it a font for pictures of Chinese pages', () => {
  const all = { font: true, venv: true }
  assert.deepEqual(packagesFor([], all), [])
  assert.deepEqual(packagesFor([], { ...all, font: false }), ['fonts-wqy-microhei'])
  assert.deepEqual(packagesFor([], { ...all, venv: false }), ['python3-venv'])
  assert.deepEqual(packagesFor(['containerd', 'ctr', 'chromium'], { ...all, font: false }), [
    'containerd',
    'chromium',
    'fonts-wqy-microhei',
  ])
})

test('a Python is made once, named by hand it is taken, and what failed is not tried again at once', async (t) => {
  const named = process.env['HF_PYTHON']
  t.after(() => {
    delete process.env['HF_PYTHON']
    if (named !== undefined) process.env['HF_PYTHON'] = named
  })
  process.env['HF_PYTHON'] = '/somewhere/python'
  const home = join(await tempDir(t), 'python')
  assert.equal(prepareHfPython(home), '/somewhere/python')
  delete process.env['HF_PYTHON']
  await writeFile(`${home}.failed`, 'no index was reached')
  assert.equal(prepareHfPython(home), undefined)
  assert.equal(existsSync(home), false)
  await mkdir(join(home, 'bin'), { recursive: true })
  await writeFile(join(home, 'bin', 'python'), '#!/bin/sh\n', { mode: 0o755 })
  assert.equal(prepareHfPython(home), join(home, 'bin', 'python'))
})

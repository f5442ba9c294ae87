import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LICENCE, PARTS } from '../../ui/src/pages/settings/licences.ts'

const ROOT = join(import.meta.dirname, '../..')
/** Libraries that end up in the page; the others build or test it. */
const IN_PAGE = ['preact', '@preact/signals']

interface Package {
  readonly license: string
  readonly dependencies?: Readonly<Record<string, string>>
}

function packageIn(folder: string): Package {
  // npm says what it holds.
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Package
}

test('the console names every library with its licence', () => {
  const { license, dependencies = {} } = packageIn('.')
  assert.equal(LICENCE, license)
  const expected = [...Object.keys(dependencies), ...IN_PAGE]
    .toSorted()
    .map((name) => ({ name, licence: packageIn(join('node_modules', name)).license }))
  assert.deepEqual(
    PARTS.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    expected,
  )
})

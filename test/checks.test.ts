import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

/** Runs a tool of node_modules/.bin; it is right when it ends with 0. */
function check(tool: string, ...args: string[]): void {
  const bin = join(ROOT, 'node_modules', '.bin')
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` }
  const done = spawnSync(join(bin, tool), args, { cwd: ROOT, env, encoding: 'utf8' })
  assert.equal(done.status, 0, `${done.stdout}${done.stderr}`)
}

test('the sources are formatted', () => check('biome', 'ci', '.'))
test('the sources pass the type-aware lint', () => check('oxlint', '--type-aware', '--deny-warnings', '.'))
test('the types are right', () => check('tsc'))

test('the lock file carries no download addresses', () => {
  assert.doesNotMatch(
    readFileSync(join(ROOT, 'package-lock.json'), 'utf8'),
    /"resolved"|https?:\/\/(?!opencollective|github|paypal|www\.patreon|feross|tidelift|dotenvx|ko-fi|polar)/,
  )
})

test('continuous integration runs the test command of the README', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const command = 'npm ci && npm test'
  assert.ok(readme.includes(command))
  assert.ok(readFileSync(join(ROOT, '.ci', 'run'), 'utf8').includes(command))
})

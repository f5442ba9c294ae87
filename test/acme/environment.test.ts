import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { legoEnvironment, parseEnvironment } from '../../src/acme/environment.ts'
import { saidIn } from '../../src/acme/said.ts'
import { tempDir } from '../support/temp.ts'

void test('lego gets what it needs of our environment and nothing else', () => {
  const own = {
    PATH: '/bin',
    HTTPS_PROXY: 'http://p',
    LEGO_CA_CERTIFICATES: '/ca',
    LEGO_RUN_HOOK: 'x',
    SECRET: 's',
  }
  assert.deepEqual(legoEnvironment(own, '/home', undefined), {
    variables: {
      PATH: '/bin',
      HTTPS_PROXY: 'http://p',
      LEGO_CA_CERTIFICATES: '/ca',
      HOME: '/home',
      TMPDIR: '/home',
    },
    secrets: [],
  })
})

void test('the provider file adds its variables, and who else may read it is said', async (t) => {
  const file = join(await tempDir(t), 'dns.env')
  writeFileSync(file, 'TOKEN=abc', { mode: 0o600 })
  const { variables, secrets, warning } = legoEnvironment({}, '/home', file)
  assert.equal(variables['TOKEN'], 'abc')
  assert.deepEqual(secrets, ['abc'])
  assert.equal(warning, undefined)
  const open = join(await tempDir(t), 'open.env')
  writeFileSync(open, 'TOKEN=abc', { mode: 0o644 })
  assert.match(legoEnvironment({}, '/home', open).warning ?? '', /chmod 600/)
  assert.throws(() => legoEnvironment({}, '/home', '/no/such/file'), /\/no\/such\/file does not exist/)
})

void test('lines are NAME=value; comments, export and quotes are known, and a bad line is not repeated', () => {
  const text = '\uFEFF# comment\n\nexport A=1\r\nB="two words"\nC=\'x=y\'\n D = e # f\nE=\n'
  assert.deepEqual(parseEnvironment(text, 'f'), { A: '1', B: 'two words', C: 'x=y', D: 'e # f', E: '' })
  assert.throws(() => parseEnvironment('A=1\nhunter2 hunter2', 'f'), { message: 'f:2: not NAME=value' })
})

void test('what a program said is its last lines without secrets, colours and control characters', () => {
  const output =
    'one\ntwo\n\u001b[31mthree\u001b[0m token=hunter22 and hunter2\n\n\u0007four\u0000\nfive\nsix\n'
  assert.equal(saidIn(output, ['hunter2', 'hunter22', 'e']), 'three token=*** and *** | four | five | six')
  assert.equal(saidIn(`${'x'.repeat(5000)}end`, []).length, 1001)
  assert.equal(saidIn('', []), '')
})

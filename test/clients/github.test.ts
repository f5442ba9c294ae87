import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { MIB } from '../../src/domain/units.ts'
import { contentBytes, generatedContent } from '../support/fake-content.ts'
import { type GithubLab, startGithubLab } from '../support/fake-github-lab.ts'
import { tempDir } from '../support/temp.ts'
import { missing, run } from './process.ts'

const CONTENT = generatedContent({ size: 24 * MIB, seed: 231 })
const BYTES = contentBytes(CONTENT)
const ASSET = '/https://github.com/o/r/releases/download/v1.0/tool.tgz'

interface Scene {
  readonly lab: GithubLab
  readonly url: string
  /** Where downloads go. */
  readonly file: string
  client(command: string, ...args: readonly string[]): Promise<string>
}

/** What leaves this machine would have to pass a proxy that is not there. */
const DEAD = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', no_proxy: '127.0.0.1' }

async function start(t: TestContext): Promise<Scene> {
  const lab = await startGithubLab(t)
  const dir = await tempDir(t)
  lab.github.release('o/r', 'v1.0', 'tool.tgz', CONTENT)
  const env = { PATH: process.env['PATH'] ?? '', HOME: dir, LANG: 'C.UTF-8', ...DEAD }
  return {
    lab,
    url: lab.url + ASSET,
    file: join(dir, 'tool.tgz'),
    client: async (command, ...args) => (await run(command, args, { env })).toString(),
  }
}

async function assertAll(file: string): Promise<void> {
  const bytes = await readFile(file)
  assert.ok(
    bytes.equals(BYTES),
    `${bytes.length} bytes with ${createHash('sha256').update(bytes).digest('hex')}`,
  )
}

/** Bodies that came from storage. */
function bodies({ github }: GithubLab): number {
  return github.requests.list({ role: 'cdn', method: 'GET' }).filter(({ bytesSent }) => bytesSent > 0).length
}

test('curl: whole, a range, the name, and resumed', { skip: missing('curl') }, async (t) => {
  const { lab, url, file, client } = await start(t)
  await client('curl', '-fsSL', url, '-o', file)
  await assertAll(file)
  await client('curl', '-fsS', '-r', '100-199', url, '-o', file)
  assert.ok((await readFile(file)).equals(BYTES.subarray(100, 200)))
  await writeFile(file, BYTES.subarray(0, 5_000_000))
  await client('curl', '-fsS', '-C', '-', url, '-o', file)
  await assertAll(file)
  await client(
    'curl',
    '-fsS',
    '-OJ',
    '--output-dir',
    join(file, '..'),
    '--clobber',
    `${lab.url}/gh/o/r/releases/download/v1.0/tool.tgz`,
  )
  await assertAll(file)
  assert.equal(bodies(lab), 1)
  const again = await client('curl', '-fsS', '--etag-save', `${file}.etag`, url, '-o', file).then(() =>
    client(
      'curl',
      '-fsS',
      '--etag-compare',
      `${file}.etag`,
      '-w',
      '%{http_code} %{size_download}',
      '-o',
      `${file}.2`,
      url,
    ),
  )
  assert.equal(again, '304 0')
})

test('curl resumes a download that nobody had before', { skip: missing('curl') }, async (t) => {
  const { lab, url, file, client } = await start(t)
  await writeFile(file, BYTES.subarray(0, 20_000_000))
  await client('curl', '-fsS', '-C', '-', url, '-o', file)
  await assertAll(file)
  assert.equal(bodies(lab), 1)
})

test('wget: whole, continued, and by the name it is given', { skip: missing('wget') }, async (t) => {
  const { lab, url, file, client } = await start(t)
  await client('wget', '-q', url, '-O', file)
  await assertAll(file)
  await writeFile(file, BYTES.subarray(0, 7_000_001))
  await client('wget', '-q', '-c', url, '-O', file)
  await assertAll(file)
  await client('wget', '-q', '-c', url, '-O', file)
  await client('wget', '-q', '--content-disposition', '-P', join(file, '..', 'named'), `${lab.url}${ASSET}`)
  await assertAll(join(file, '..', 'named', 'tool.tgz'))
  assert.equal(bodies(lab), 1)
})

test('aria2 with eight connections costs one body', { skip: missing('aria2c') }, async (t) => {
  const { lab, url, file, client } = await start(t)
  lab.github.bandwidth = 24 * MIB
  const args = [
    '-q',
    '-x8',
    '-s8',
    '-k1M',
    '--no-conf',
    '--allow-overwrite',
    '-d',
    join(file, '..'),
    '-o',
    'tool.tgz',
  ]
  await client('aria2c', ...args, url)
  await assertAll(file)
  assert.equal(bodies(lab), 1)
  const asked = lab.github.requests.count()
  await client('aria2c', ...args, url)
  await assertAll(file)
  assert.equal(lab.github.requests.count(), asked)
})

test('a download that GitHub cuts is continued, and curl does not notice', {
  skip: missing('curl'),
}, async (t) => {
  const { lab, url, file, client } = await start(t)
  lab.github.faults.add({ times: 2, when: { role: 'cdn' }, fault: { truncateAfter: 4_000_000 } })
  await client('curl', '-fsS', url, '-o', file)
  await assertAll(file)
})

test('curl … | sh: a script that fetches others gets all of them here', {
  skip: missing('curl', 'sh'),
}, async (t) => {
  const { lab, file, client } = await start(t)
  const { github } = lab
  github.latest('o/r', 'v1.0')
  github.raw(
    'o/r/HEAD/install.sh',
    `#!/bin/sh\nset -e\nREPO=o/r\ncurl -fsSL "https://raw.githubusercontent.com/$REPO/main/lib.sh" | sh -s -- "$1"`,
  )
  github.raw(
    'o/r/main/lib.sh',
    'curl -fsSL https://github.com/o/r/releases/latest/download/tool.tgz -o "$1" && echo harmless',
  )
  const url = `${lab.url}/sh/https://raw.githubusercontent.com/o/r/HEAD/install.sh`
  const said = await client('sh', '-c', 'curl -fsSL "$0" | sh -s -- "$1"', url, file)
  assert.equal(said, 'harmless\n')
  await assertAll(file)
  await github.stop()
  await writeFile(file, '')
  await client('sh', '-c', 'curl -fsSL "$0" | sh -s -- "$1"', url, file)
  assert.equal((await stat(file)).size, BYTES.length)
})

test('errors are text, and make clients fail', { skip: missing('curl') }, async (t) => {
  const { lab, client } = await start(t)
  const said = await client(
    'curl',
    '-sS',
    '-w',
    '%{http_code}',
    `${lab.url}/gh/o/r/releases/download/v1.0/none`,
  )
  assert.match(said, /^[\x20-\x7e]+\n404$/)
  await assert.rejects(client('curl', '-fsS', `${lab.url}/gh/o/r`), /404/)
})

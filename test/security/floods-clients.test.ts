import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { basic, bcryptLine } from '../auth/support.ts'
import {
  addBlob,
  assertNoParts,
  assertWhole,
  blobPath,
  eventually,
  KIB,
  MIB,
  manifestPath,
} from '../e2e/support.ts'
import { openRaw, request } from '../http/raw.ts'
import { startPair } from '../support/cachalot.ts'
import { fetchAll } from '../support/http.ts'
import { tempDir } from '../support/temp.ts'

const READERS = 300

/** SEC-33; how slow clients are cut that are slow to ask is in test/http/slow.test.ts. */
test('clients that read nothing of what they asked for hold little, and keep nobody waiting', async (t) => {
  const { hub, cache } = await startPair(t)
  const large = addBlob(hub, 64 * MIB)
  const small = addBlob(hub, 2 * MIB)
  for (const blob of [large, small]) assertWhole(await cache.fetch(blobPath(blob.digest)), blob)
  await assertNoParts(cache.dataDir)
  const before = process.memoryUsage().arrayBuffers
  const sockets = await Promise.all(Array.from({ length: READERS }, () => openRaw(cache.port)))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (const socket of sockets) {
    socket.pause()
    socket.write(request(blobPath(large.digest)))
  }
  for (let i = 0; i < 20; i++) assertWhole(await cache.fetch(blobPath(small.digest)), small)
  const held = process.memoryUsage().arrayBuffers - before
  assert.ok(held < READERS * 256 * KIB, `${Math.round(held / READERS / KIB)} KiB each`)
})

const FILES = 160
const CROWD = 400

/** SEC-39 */
test('a process that may open few files goes on after more clients than that came', {
  skip: process.platform !== 'linux' && 'ulimit is that of Linux',
}, async (t) => {
  const { hub } = await startPair(t)
  hub.addImage('library/app', { tags: ['1'], layers: 0 })
  const { child, port, text } = await startWithFiles(t, hub.url, FILES)
  const url = `http://127.0.0.1:${port}`
  assert.equal((await fetchAll(`${url}${manifestPath('1')}`)).status, 200)
  for (let round = 0; round < 3; round++) {
    const crowd = await Promise.all(Array.from({ length: CROWD }, () => knock(port)))
    for (const socket of crowd) socket.write('GET /v2/ HTTP/1.1\r\n')
    await fetchAll(`${url}${manifestPath('1')}`)
    for (const socket of crowd) socket.destroy()
    await eventually(
      'it serves again',
      async () => (await fetchAll(`${url}${manifestPath('1')}`)).status === 200,
    )
  }
  assert.equal(child.exitCode, null, text())
})

/** A connection, or one that was cut before it stood. */
async function knock(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve))
  return socket
}

async function startWithFiles(t: TestContext, upstream: string, files: number) {
  const folder = await tempDir(t)
  const file = join(folder, 'config.toml')
  writeFileSync(
    file,
    `[server]\nlisten = "127.0.0.1:0"\n[storage]\npath = "data"\nmin_free = "0"\n` +
      `[[upstream]]\nname = "docker.io"\nurl = "${upstream}"\n`,
  )
  const main = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
  const script = `ulimit -n ${files}; exec "$0" "$@"`
  const child = spawn('/bin/sh', ['-c', script, process.execPath, main, 'serve', '--config', file], {
    env: { PATH: '/usr/bin:/bin' },
  })
  t.after(async () => {
    if (child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
  }
  const listening = (): string | undefined => /listening on\s+http:\/\/127\.0\.0\.1:(\d+)/.exec(said)?.[1]
  await eventually(`it listens: ${said}`, () => listening() !== undefined)
  return { child, port: Number(listening()), text: () => said }
}

const GUESSES = 200

/** SEC-40 */
test('a flood of wrong passwords is slowed, and pulls go on beside it', async (t) => {
  const folder = await tempDir(t)
  const htpasswd = join(folder, 'users')
  // As expensive as files in the wild.
  await writeFile(htpasswd, bcryptLine('alice', 'wonder', 10) + bcryptLine('bob', 'builder', 10))
  const { hub, cache } = await startPair(t, { config: { auth: { htpasswd, anonymous_pull: 'none' } } })
  hub.addImage('library/app', { tags: ['1'], layers: 0 })
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const pull = async (): Promise<number> =>
    (await cache.fetch(manifestPath('1'), { agent, headers: { authorization: basic('alice', 'wonder') } }))
      .status
  assert.equal(await pull(), 200)
  let isOver = false
  const guess = async (n: number): Promise<number> => {
    const headers = { authorization: basic(n % 2 === 0 ? 'bob' : `nobody${n}`, `guess ${n}`) }
    return (await cache.fetch('/v2/', { headers })).status
  }
  const flood = Promise.all(Array.from({ length: GUESSES }, (_, n) => guess(n))).finally(() => {
    isOver = true
  })
  let pulls = 0
  while (!isOver) {
    assert.equal(await pull(), 200)
    pulls++
  }
  const statuses = await flood
  const checked = statuses.filter((status) => status === 401).length
  assert.ok(
    statuses.every((status) => status === 401 || status === 429),
    String([...new Set(statuses)]),
  )
  assert.ok(checked > 0 && checked < GUESSES, `${checked} were checked`)
  // A check takes as long as dozens of pulls: on the same thread, there would be none between two of them.
  assert.ok(pulls > checked, `${pulls} pulls beside ${checked} checks`)
})

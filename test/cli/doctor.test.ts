import assert from 'node:assert/strict'
import { chmodSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { renderBlocks } from '../../src/cli/blocks.ts'
import type { Check } from '../../src/cli/doctor/check.ts'
import { checkClock } from '../../src/cli/doctor/clock.ts'
import { checkFolder } from '../../src/cli/doctor/folder.ts'
import { checkGit } from '../../src/cli/doctor/git.ts'
import { checkUpstream } from '../../src/cli/doctor/upstream.ts'
import { doctorBlocks } from '../../src/cli/views/doctor.ts'
import type { UpstreamConfig } from '../../src/config/config.ts'
import { MINUTE, SECOND, systemClock } from '../../src/domain/clock.ts'
import { TIB } from '../../src/domain/units.ts'
import { startFakeUpstream } from '../support/fake-upstream.ts'
import { tempDir } from '../support/temp.ts'
import { certificates } from '../upstream/certificates.ts'
import { PIPE, terminal } from './screens.ts'

const PLAIN: UpstreamConfig = {
  name: 'docker.io',
  url: 'http://127.0.0.1:1',
  aliases: [],
  default: true,
  hosts: [],
  username: undefined,
  password: undefined,
  tagTtl: 0,
  maxSize: 0,
  expireUnused: 0,
  whenDeleted: 'keep',
  proxy: undefined,
  ca: undefined,
  allowPrivate: true,
  tokenHosts: [],
}

async function look(changes: Partial<UpstreamConfig>) {
  const { checks } = await checkUpstream({ ...PLAIN, ...changes }, systemClock)
  return checks
}

const said = (checks: readonly Check[]) => checks.map(({ name, state }) => `${name} ${state}`)

void test('git is there, too old, or not there', async (t) => {
  const folder = await tempDir(t)
  const program = (name: string, says: string): string => {
    const file = join(folder, name)
    writeFileSync(file, `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 })
    return file
  }
  const checked = async (git: string, enabled = true) => {
    const [found] = await checkGit({ enabled, git })
    return `${found?.state}: ${found?.detail}`
  }
  assert.equal(await checked(program('new', 'git version 2.39.5 (Apple Git-1)')), 'ok: version 2.39.5')
  assert.equal(
    await checked(program('old', 'git version 2.20.1')),
    'warn: version 2.20.1, too old to serve mirrors',
  )
  assert.match(
    await checked(join(folder, 'none')),
    /^warn: .* cannot be run: clones pass by without a mirror$/,
  )
  assert.match(await checked(program('other', 'hello')), /^warn: .* cannot be run/)
  assert.deepEqual(await checkGit({ enabled: false, git: 'none' }), [])
})

void test('an open registry is well at every step', async () => {
  await using hub = await startFakeUpstream()
  const { checks, clocks } = await checkUpstream({ ...PLAIN, url: hub.url }, systemClock)
  assert.deepEqual(said(checks), ['name ok', 'connect ok', 'registry ok'])
  assert.ok(clocks !== undefined)
  assert.equal(checkClock([clocks]).state, 'ok')
})

void test('a registry with tokens is asked for one, with the login and without', async () => {
  await using hub = await startFakeUpstream({ auth: 'bearer', users: { me: 'CANARY' } })
  const login = { url: hub.url, username: 'me', password: 'CANARY' }
  assert.deepEqual(said(await look(login)).at(-1), 'token ok')
  const wrong = (await look({ ...login, password: 'no' })).at(-1)
  assert.deepEqual([wrong?.state, wrong?.advice], ['fail', 'check username and password_file'])
  assert.equal((await look({ url: hub.url })).at(-1)?.state, 'warn')
})

void test('a login is tried where the registry wants one itself', async () => {
  await using hub = await startFakeUpstream({ auth: 'basic', users: { me: 'CANARY' } })
  assert.equal(said(await look({ url: hub.url, username: 'me', password: 'CANARY' })).at(-1), 'login ok')
  assert.equal(said(await look({ url: hub.url })).at(-1), 'login warn')
})

void test('a token service that a pull would refuse is not asked', async () => {
  await using hub = await startFakeUpstream({ auth: 'bearer', users: { me: 'CANARY' }, anonymous: true })
  const url = hub.url.replace('127.0.0.1', 'localhost')
  const checks = await look({ url, username: 'me', password: 'CANARY' })
  assert.equal(said(checks).at(-1), 'token fail')
  assert.match(checks.at(-1)?.detail ?? '', /token service refused: 127\.0\.0\.1/)
  assert.equal(hub.requests.list({ kind: 'token' }).length, 0)
  const listed = await look({ url, username: 'me', password: 'CANARY', tokenHosts: ['127.0.0.1'] })
  assert.match(listed.at(-1)?.detail ?? '', /with the login/)
})

void test('certificates are judged by the authority of the upstream', async (t) => {
  const pki = await certificates(t)
  await using hub = await startFakeUpstream({ tls: pki.host })
  assert.deepEqual(said(await look({ url: hub.url, ca: pki.ca })), [
    'name ok',
    'connect ok',
    'tls ok',
    'registry ok',
  ])
  const stranger = await look({ url: hub.url })
  assert.deepEqual(said(stranger), ['name ok', 'connect ok', 'tls fail'])
  assert.match(stranger.at(-1)?.advice ?? '', /ca_file/)
})

void test('the steps end at the first one that fails', async () => {
  assert.deepEqual(said(await look({})), ['name ok', 'connect fail'])
  await using hub = await startFakeUpstream()
  hub.faults.add({ when: {}, fault: { status: 503 } })
  const checks = await look({ url: hub.url })
  assert.deepEqual(said(checks), ['name ok', 'connect ok', 'registry fail'])
})

void test('a name that leads into the own network is a failure unless that is meant', async () => {
  const checks = await look({ url: 'http://localhost:1', allowPrivate: false })
  assert.equal(checks[0]?.state, 'fail')
  assert.match(checks[0]?.advice ?? '', /allow_private/)
})

void test('a clock that is off is said, first as a warning', () => {
  const off = (ms: number) => checkClock([{ theirs: 0, ours: ms }])
  assert.equal(off(20 * SECOND).state, 'ok')
  assert.deepEqual([off(2 * MINUTE).state, off(2 * MINUTE).detail], ['warn', '2 m ahead of the upstreams'])
  assert.deepEqual([off(-10 * MINUTE).state, off(-10 * MINUTE).detail], ['fail', '10 m behind the upstreams'])
  assert.equal(checkClock([]).state, 'ok')
})

void test('the data folder is measured and left as it was', async (t) => {
  const path = await tempDir(t)
  const checks = await checkFolder({ path, maxSize: 0, evictTo: 0, minFree: 0 })
  assert.equal(checks.find(({ name }) => name === 'data folder')?.state, 'ok')
  assert.match(checks.find(({ name }) => name === 'disk speed')?.detail ?? '', /MiB\/s|too little room/)
  assert.deepEqual(readdirSync(path), [])
})

void test('too little room, a missing folder and a file in its place are told apart', async (t) => {
  const path = await tempDir(t)
  const plain = { path, maxSize: 0, evictTo: 0, minFree: 0 }
  const full = await checkFolder({ ...plain, minFree: 1000 * TIB })
  assert.equal(full.find(({ name }) => name === 'free space')?.state, 'fail')
  const large = await checkFolder({ ...plain, maxSize: 1000 * TIB })
  assert.equal(large.find(({ name }) => name === 'free space')?.state, 'warn')
  assert.deepEqual(said(await checkFolder({ ...plain, path: join(path, 'none') })), ['data folder warn'])
  writeFileSync(join(path, 'file'), '')
  assert.deepEqual(said(await checkFolder({ ...plain, path: join(path, 'file') })), ['data folder fail'])
})

void test('a folder that may not be written is a failure, and nothing is measured', {
  skip: process.getuid?.() === 0 && 'root may write anywhere',
}, async (t) => {
  const path = await tempDir(t)
  chmodSync(path, 0o500)
  t.after(() => chmodSync(path, 0o700))
  const checks = await checkFolder({ path, maxSize: 0, evictTo: 0, minFree: 0 })
  assert.equal(checks[0]?.state, 'fail')
  assert.ok(checks.every(({ name }) => name !== 'disk speed'))
})

void test('the report says what to do, and counts', () => {
  const checks: Check[] = [
    { area: 'here', subject: 'this machine', name: 'clock', state: 'ok', detail: 'agrees' },
    {
      area: 'upstream',
      subject: 'docker.io',
      name: 'connect',
      state: 'fail',
      detail: 'refused',
      advice: 'check',
      ms: 12,
    },
  ]
  const text = renderBlocks(doctorBlocks(checks, 'cachalot 1'), terminal(100))
  assert.match(text, /docker\.io\n {2}fail {2}connect {2}12 ms {2}refused · try: check\n/)
  assert.match(text, /1 ok · 0 warnings · 1 failed\n$/)
  assert.match(
    renderBlocks(doctorBlocks(checks, 'cachalot 1'), PIPE),
    /\ndocker\.io\tfail\tconnect\t12\trefused · try: check\n/,
  )
})

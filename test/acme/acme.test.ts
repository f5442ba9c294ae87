import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { createAcme } from '../../src/acme/acme.ts'
import { acmeFolderIn } from '../../src/acme/folder.ts'
import type { AcmeSettings } from '../../src/acme/settings.ts'
import { DAY, HOUR, MINUTE } from '../../src/domain/clock.ts'
import { eventually } from '../e2e/support.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { acmeSettings } from './settings.ts'
import { createStandIn } from './stand-in.ts'

/** Everything about one keeper of certificates; its timers do not run, the last one can be looked at. */
async function openLab(t: Cleanup, more: Partial<AcmeSettings> = {}) {
  const lego = await createStandIn(t)
  const dataFolder = await tempDir(t)
  const folder = acmeFolderIn(dataFolder)
  const clock = fakeClock(Date.now())
  const log = collectorLog()
  const lab = { isOwner: true, changes: 0, pauses: [] as number[], random: 0 }
  const settings = acmeSettings({ lego: lego.file, ...more })
  const start = (changed: Partial<AcmeSettings> = {}, timeout?: number) =>
    createAcme({
      settings: { ...settings, ...changed },
      folder,
      clock,
      log,
      isOwner: () => lab.isOwner,
      environment: { PATH: process.env['PATH'], SECRET_OF_OURS: 'canary' },
      later: (ms) => {
        lab.pauses.push(ms)
        return () => undefined
      },
      random: () => lab.random,
      onCertificate: () => lab.changes++,
      ...(timeout === undefined ? {} : { timeout }),
    })
  const names = () => new X509Certificate(readFileSync(folder.pair)).subjectAltName
  return Object.assign(lab, { lego, folder, clock, log, settings, start, names })
}

describe('the keeper of certificates', () => {
  test('has one issued when there is none, in one private file, and does not ask again', async (t) => {
    const lab = await openLab(t)
    const acme = lab.start()
    await acme.check()
    assert.equal(lab.names(), 'DNS:cache.example, DNS:docker.cache.example')
    assert.equal(statSync(lab.folder.pair).mode & 0o777, 0o600)
    assert.equal(statSync(lab.folder.root).mode & 0o777, 0o700)
    assert.equal(lab.changes, 1)
    assert.deepEqual(lab.pauses, [DAY])
    const [call = ''] = lab.lego.calls()
    assert.match(
      call,
      /^run --path \S+\/acme\/lego5-127\.0\.0\.1-\w{8} --server https:\/\/127\.0\.0\.1:14000\/dir /,
    )
    assert.match(call, / --http --http\.webroot \S+\/acme\/webroot$/)
    assert.doesNotMatch(call, /renew/)
    await acme.check()
    await lab.start().check()
    assert.equal(lab.lego.calls().length, 1)
  })

  test('lego sees its own folder as home and nothing of our environment', async (t) => {
    const lab = await openLab(t)
    await lab.start().check()
    assert.match(lab.lego.environment(), new RegExp(`^HOME=${lab.folder.root}$`, 'm'))
    assert.doesNotMatch(lab.lego.environment(), /canary/)
    const cwd = readFileSync(join(lab.lego.file, '..', 'folder'), 'utf8').trim()
    assert.equal(cwd, lab.folder.root)
  })

  test('renews what is due, and keeps the old pair until the new one is there', async (t) => {
    const lab = await openLab(t)
    const acme = lab.start()
    await acme.check()
    const before = readFileSync(lab.folder.pair, 'utf8')
    lab.clock.advance(59 * DAY)
    await acme.check()
    assert.equal(lab.lego.calls().length, 1)
    lab.clock.advance(2 * DAY)
    lab.lego.behave('echo half > "$path/certificates/$first.crt"; exit 1')
    await acme.check()
    assert.equal(readFileSync(lab.folder.pair, 'utf8'), before)
    assert.equal(lab.changes, 1)
    lab.lego.behave(undefined)
    lab.clock.advance(HOUR)
    await acme.check()
    assert.notEqual(readFileSync(lab.folder.pair, 'utf8'), before)
    assert.equal(lab.changes, 2)
  })

  test('forces lego to renew where it would not by its own rule', async (t) => {
    const lab = await openLab(t)
    const acme = lab.start()
    await acme.check()
    lab.clock.advance(61 * DAY)
    await acme.check()
    assert.match(lab.lego.calls()[1] ?? '', / --renew-force$/)
  })

  test('asks again when names or the authority change, and not when it comes back', async (t) => {
    const lab = await openLab(t)
    const acme = lab.start()
    await acme.check()
    await acme.update({ ...lab.settings, domains: ['other.example'] })
    assert.equal(lab.names(), 'DNS:other.example')
    await acme.update({ ...lab.settings, directory: 'https://127.0.0.1:14001/dir' })
    assert.equal(lab.lego.calls().length, 3)
    await acme.update(lab.settings)
    assert.equal(lab.lego.calls().length, 3, 'the one from before is still good')
    assert.equal(lab.names(), 'DNS:cache.example, DNS:docker.cache.example')
    assert.equal(lab.changes, 4)
  })

  test('takes what lego left behind when we were killed before we took it', async (t) => {
    const lab = await openLab(t)
    await lab.start().check()
    rmSync(lab.folder.pair)
    await lab.start().check()
    assert.ok(existsSync(lab.folder.pair))
    assert.equal(lab.lego.calls().length, 1)
  })

  test('a certificate counts whatever the exit code says', async (t) => {
    const lab = await openLab(t)
    lab.lego.behave('trap "exit 3" EXIT')
    await lab.start().check()
    assert.equal(lab.changes, 1)
  })

  test('does nothing while another process owns the folder, or no names are given', async (t) => {
    const lab = await openLab(t)
    lab.isOwner = false
    const acme = lab.start()
    await acme.check()
    assert.deepEqual(lab.lego.calls(), [])
    assert.deepEqual(lab.pauses, [MINUTE])
    assert.equal(existsSync(lab.folder.root), false)
    lab.isOwner = true
    await acme.update({ ...lab.settings, domains: [] })
    assert.deepEqual(lab.lego.calls(), [])
    assert.deepEqual(lab.pauses, [MINUTE])
  })

  test('looks that come together are one', async (t) => {
    const lab = await openLab(t)
    const acme = lab.start()
    await Promise.all([acme.check(), acme.check(), acme.check()])
    assert.equal(lab.lego.calls().length, 1)
  })
})

describe('when there is no certificate to be had', () => {
  test('waits longer and longer, also across restarts, and the log says what lego said', async (t) => {
    const lab = await openLab(t)
    lab.lego.behave('echo "error: 403 :: urn:ietf:params:acme:error:unauthorized" >&2; exit 1')
    for (const hours of [1, 4, 12, 24, 24]) {
      const calls = lab.lego.calls().length
      await lab.start().check()
      assert.equal(lab.lego.calls().length, calls + 1)
      assert.equal(lab.pauses.at(-1), hours * HOUR)
      lab.clock.advance(hours * HOUR - 1)
      await lab.start().check()
      assert.equal(lab.lego.calls().length, calls + 1, `it did not wait ${hours} hours`)
      lab.clock.advance(1)
    }
    assert.match(lab.log.text(), /lego ended with 1: error: 403 :: urn:ietf:params:acme:error:unauthorized/)
  })

  test('other settings get a first attempt at once', async (t) => {
    const lab = await openLab(t)
    lab.lego.behave('exit 1')
    const acme = lab.start()
    await acme.check()
    lab.lego.behave(undefined)
    await acme.update({ ...lab.settings, email: 'other@example.com' })
    assert.equal(lab.changes, 1)
  })

  test('adds up to an eighth, and at most two hours, at random', async (t) => {
    const lab = await openLab(t)
    lab.random = 0.5
    await lab.start().check()
    assert.deepEqual(lab.pauses, [DAY + HOUR])
    const other = await openLab(t)
    other.random = 0.5
    other.lego.behave('exit 1')
    await other.start().check()
    assert.deepEqual(other.pauses, [HOUR + HOUR / 16])
  })

  test('a lego that is not there, or no lego at all, is said once and looked for again soon', async (t) => {
    const lab = await openLab(t)
    const acme = lab.start({ lego: '/no/such/lego' })
    await acme.check()
    await acme.check()
    assert.equal(lab.log.find('error').length, 1)
    assert.match(
      lab.log.text(),
      /there is no program \/no\/such\/lego; install lego or set server\.acme\.lego/,
    )
    assert.deepEqual(lab.pauses, [5 * MINUTE, 5 * MINUTE])
    lab.lego.help('I am another program')
    await acme.update(lab.settings)
    assert.match(lab.log.text(), /does not answer to run --help as lego 4 or 5 do/)
    lab.lego.help('--http.address')
    await acme.check()
    assert.equal(lab.changes, 1)
  })

  test('secrets of the provider never reach the log', async (t) => {
    const file = join(await tempDir(t), 'dns.env')
    writeFileSync(file, 'API_TOKEN=hunter2hunter2\n', { mode: 0o600 })
    const dns = { challenge: 'dns-01', dnsProvider: 'cloudflare', dnsEnvFile: file } as const
    const lab = await openLab(t, dns)
    lab.lego.behave('echo "the token $API_TOKEN is refused" >&2; exit 1')
    await lab.start().check()
    assert.match(lab.lego.environment(), /^API_TOKEN=hunter2hunter2$/m)
    assert.match(lab.log.text(), /the token \*\*\* is refused/)
    assert.doesNotMatch(lab.log.text(), /hunter2/)
    assert.match(lab.lego.calls()[0] ?? '', / --dns cloudflare$/)
  })

  test('a lego that hangs is ended, and counts as a failure', async (t) => {
    const lab = await openLab(t)
    lab.lego.behave('exec sleep 300')
    await lab.start({}, 500).check()
    assert.match(lab.log.text(), /lego took too long and was ended/)
    assert.deepEqual(lab.pauses, [HOUR])
  })

  test('stopping ends a lego that runs, and is no failure', async (t) => {
    const lab = await openLab(t)
    lab.lego.behave('exec sleep 300')
    const acme = lab.start()
    void acme.check()
    await eventually('lego runs', () => lab.lego.calls().length === 1)
    await acme.stop()
    assert.equal(existsSync(lab.folder.state), false)
    assert.deepEqual(lab.pauses, [])
    await acme.check()
    assert.equal(lab.lego.calls().length, 1)
  })

  test('a pair and a state that were damaged are as good as none', async (t) => {
    const lab = await openLab(t)
    await lab.start().check()
    writeFileSync(lab.folder.pair, 'nonsense')
    writeFileSync(lab.folder.state, '{"failures": "many"')
    rmSync(lab.folder.legoPath(5, lab.settings.directory), { recursive: true })
    await lab.start().check()
    assert.equal(lab.changes, 2)
    assert.equal(lab.names(), 'DNS:cache.example, DNS:docker.cache.example')
  })
})

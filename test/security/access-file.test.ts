import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { appendFile, mkdir, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { SECOND } from '../../src/domain/clock.ts'
import { bcryptLine } from '../auth/support.ts'
import { manifestPath } from '../e2e/support.ts'
import {
  as,
  from,
  type Guarded,
  HOME,
  linesOf,
  PASSWORDS,
  startGuarded,
  startOpen,
} from './access-support.ts'

/** How often the file is looked at. */
const LOOK = SECOND

const login = async ({ ask }: Pick<Guarded, 'ask'>, name: string, password?: string): Promise<number> =>
  (await ask('/v2/', as(name, password))).status

/** SEC-18 */
suite('a file of users that changes', () => {
  test('counts within a second, whatever was remembered', async (t) => {
    const scene = await startGuarded(t)
    const { users, clock } = scene
    assert.deepEqual([await login(scene, 'bob'), await login(scene, 'carol')], [200, 200])
    await writeFile(users, linesOf({ bob: 'changed', dave: 'new' }))
    clock.advance(LOOK)
    assert.equal(await login(scene, 'bob'), 401, 'the old password')
    assert.equal(await login(scene, 'bob', 'changed'), 200)
    assert.equal(await login(scene, 'carol'), 401, 'the line is gone')
    assert.equal(await login(scene, 'dave', 'new'), 200)
    // The same size, put there by a rename, with an old time: as some editors and `cp -p` do.
    await writeFile(`${users}.other`, linesOf({ bob: 'CHANGED', dave: 'new' }))
    await rename(`${users}.other`, users)
    clock.advance(LOOK)
    assert.deepEqual([await login(scene, 'bob', 'changed'), await login(scene, 'bob', 'CHANGED')], [401, 200])
    await writeFile(users, '# nobody can log in\n')
    clock.advance(LOOK)
    assert.deepEqual([await login(scene, 'bob', 'CHANGED'), await login(scene, 'dave', 'new')], [401, 401])
    assert.equal((await scene.ask('/v2/')).status, 401)
  })

  test('that appears in the data folder lets its users in, and nobody else than before', async (t) => {
    const scene = await startOpen(t)
    const { cache, clock, hub } = scene
    hub.addImage('library/app', { tags: ['1'], layers: 0 })
    assert.equal(await login(scene, 'bob'), 401)
    await writeFile(join(cache.dataDir, 'htpasswd'), linesOf(PASSWORDS))
    clock.advance(LOOK)
    assert.equal(await login(scene, 'bob'), 200)
    assert.equal((await scene.ask(manifestPath('1'))).status, 401)
    assert.equal((await scene.ask(manifestPath('1'), from(HOME))).status, 200)
    await rm(join(cache.dataDir, 'htpasswd'))
    clock.advance(LOOK)
    assert.equal(await login(scene, 'bob'), 200, 'a file that went away by itself takes nobody out')
    assert.equal(await login(scene, 'bob', 'wrong'), 401)
  })

  test('is another one from the moment that the configuration names another', async (t) => {
    const scene = await startGuarded(t)
    assert.equal(await login(scene, 'bob'), 200)
    const other = `${scene.users}.other`
    await writeFile(other, linesOf({ dave: 'new' }))
    await scene.cache.reload({ config: { auth: { htpasswd: other } } })
    assert.deepEqual([await login(scene, 'bob'), await login(scene, 'dave', 'new')], [401, 200])
    await scene.cache.reload({ config: { auth: { htpasswd: `${other}.none` } } })
    assert.deepEqual([await login(scene, 'bob'), await login(scene, 'dave', 'new')], [401, 401])
    assert.equal((await scene.ask('/v2/', from(HOME))).status, 401, 'and nobody is anonymous for it')
  })
})

const MESSES: Readonly<Record<string, (file: string) => Promise<void>>> = {
  emptied: (file) => truncate(file),
  'blank lines': (file) => writeFile(file, '\n \r\n\n'),
  'nothing but zeros': (file) => writeFile(file, Buffer.alloc(300)),
  'cut in a hash': (file) => truncate(file, linesOf(PASSWORDS).length - 20),
  'cut after a name': (file) => truncate(file, linesOf({ alice: '1', bob: '1' }).length + 'carol:'.length),
  gone: (file) => rm(file),
  'a folder': async (file) => {
    await rm(file)
    await mkdir(file)
  },
  'a link to itself': async (file) => {
    await rm(file)
    await symlink(file, file)
  },
  'a link to nothing': async (file) => {
    await rm(file)
    await symlink(`${file}.none`, file)
  },
  'a device': async (file) => {
    await rm(file)
    await symlink('/dev/zero', file)
  },
  'of 5 MB': (file) => appendFile(file, bcryptLine('eve', 'evil') + '#'.repeat(5_000_000)),
}

/** SEC-58 */
suite('a file of users that is broken', () => {
  for (const [mess, make] of Object.entries(MESSES)) {
    test(`leaves everything as it was: ${mess}`, async (t) => {
      const scene = await startGuarded(t)
      const { cache, clock, users, ask, hub } = scene
      hub.addImage('library/app', { tags: ['1'], layers: 0 })
      assert.equal((await ask(manifestPath('1'), as('bob'))).status, 200)
      await make(users)
      clock.advance(LOOK)
      for (let n = 0; n < 3; n++, clock.advance(LOOK)) {
        for (const name of Object.keys(PASSWORDS)) assert.equal(await login(scene, name), 200, name)
        assert.equal(await login(scene, 'bob', 'wrong'), 401)
        assert.equal(await login(scene, 'eve', 'evil'), 401)
        for (const headers of [{}, from(HOME)]) {
          assert.equal((await ask('/v2/', headers)).status, 401)
          assert.equal((await ask(manifestPath('1'), headers)).status, 401)
        }
      }
      const warnings = cache.log.find('warn').filter(({ fields }) => fields['event'] === 'htpasswd')
      assert.equal(warnings.length, 1, 'it is said once')
      await rm(users, { recursive: true, force: true })
      await writeFile(users, linesOf({ bob: 'after' }))
      clock.advance(LOOK)
      assert.deepEqual([await login(scene, 'bob'), await login(scene, 'bob', 'after')], [401, 200])
      assert.equal(await login(scene, 'alice'), 401)
    })
  }

  test('is broken wherever in its last line it is cut', async (t) => {
    const scene = await startGuarded(t)
    const { clock, users } = scene
    assert.equal(await login(scene, 'carol'), 200)
    const text = linesOf(PASSWORDS)
    const start = text.lastIndexOf('\n', text.length - 2) + 1
    for (let at = start + 1; at < text.length - 1; at++) {
      await writeFile(users, text.slice(0, at))
      clock.advance(LOOK)
      assert.equal(await login(scene, 'carol'), 200, text.slice(start, at))
    }
    await writeFile(users, text.slice(0, start))
    clock.advance(LOOK)
    assert.equal(await login(scene, 'carol'), 401, 'a whole line is gone')
  })

  test('from the start lets nobody in', async (t) => {
    for (const [mess, make] of Object.entries(MESSES)) {
      if (mess.startsWith('cut')) continue
      const { cache, users, ask } = await startGuarded(t)
      await make(users)
      await cache.restart()
      for (const headers of [{}, from(HOME), as('bob'), as('eve', 'evil')])
        assert.equal((await ask('/v2/', headers)).status, 401, mess)
    }
  })
})

/** SEC-57 */
suite('lines of all kinds', () => {
  const bcrypt = (version: string) =>
    bcryptLine('x', 'pass:wörd').replace('$2y$', `$2${version}$`).slice(2).trim()
  const good = {
    y: bcrypt('y'),
    b: bcrypt('b'),
    a: bcrypt('a'),
    sha: `{SHA}${createHash('sha1').update('pass:wörd').digest('base64')}`,
  }
  const bad = {
    plain: 'passwörd',
    locked: `!${bcrypt('y')}`,
    cut: bcrypt('y').slice(0, -1),
    md5: '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/',
    sha512: `$6$salt$${'x'.repeat(86)}`,
    empty: '',
    dear: bcrypt('y').replace('$04$', '$31$'),
  }

  test('let in by what they say, and never for what cannot be read', async (t) => {
    const scene = await startGuarded(t)
    const { users, clock, cache } = scene
    const lines = { ...good, ...bad }
    const text = Object.entries(lines).map(([name, hash]) => `${name}:${hash}\n`)
    await writeFile(users, ['no colon here\n', ':nameless\n', ...text].join(''))
    clock.advance(LOOK)
    let visitors = 0
    const tries = async (name: string, password: string): Promise<number> =>
      (await scene.ask('/v2/', { ...as(name, password), ...from(`203.0.113.${++visitors}`) })).status
    for (const name of Object.keys(good)) {
      assert.equal(await tries(name, 'pass:wörd'), 200, name)
      for (const wrong of ['pass', 'pass:word', 'pass:wörd\n', ''])
        assert.equal(await tries(name, wrong), 401, name)
    }
    for (const [name, hash] of Object.entries(bad)) {
      for (const password of ['pass:wörd', hash, 'passwörd', ''])
        assert.equal(await tries(name, password), 401, `${name} by ${password}`)
    }
    for (const name of ['no colon here', '', '#']) assert.equal(await tries(name, 'nameless'), 401)
    const warned = cache.log
      .find('warn')
      .map(({ message = '' }) => message)
      .join('\n')
    for (const name of Object.keys(bad)) assert.match(warned, new RegExp(`"${name}"`), name)
    for (const secret of [...Object.values(good), 'passwörd']) assert.ok(!cache.log.text().includes(secret))
  })
})

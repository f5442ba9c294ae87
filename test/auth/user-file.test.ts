import assert from 'node:assert/strict'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createUserFile, type UserPlace } from '../../src/auth/user-file.ts'
import { SECOND } from '../../src/domain/clock.ts'
import { fakeClock } from '../support/clock.ts'
import { collectorLog } from '../support/collector-log.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { bcryptLine } from './support.ts'

async function scene(t: Cleanup) {
  const folder = await tempDir(t)
  const file = join(folder, 'users')
  const clock = fakeClock()
  const log = collectorLog()
  const users = createUserFile({ place: () => ({ file, isOptional: false }), clock, log })
  const names = async () => [...((await users.current())?.byName.keys() ?? [])]
  /** After it had to be looked at again. */
  const later = async () => {
    clock.advance(SECOND)
    return await names()
  }
  return { folder, file, clock, log, names, later }
}

test('is read when it changes, and looked at once a second', async (t) => {
  const { file, names, later, log, clock } = await scene(t)
  await writeFile(file, bcryptLine('x', '1'))
  assert.deepEqual(await Promise.all([names(), names(), names()]), [['x'], ['x'], ['x']])
  await writeFile(file, bcryptLine('y', '1'))
  clock.advance(SECOND - 1)
  assert.deepEqual(await names(), ['x'])
  clock.advance(1)
  assert.deepEqual(await names(), ['y'])
  assert.deepEqual(await later(), ['y'])
  assert.equal(log.find(/was read/).length, 2)
  clock.advance(-3600 * SECOND)
  await writeFile(file, bcryptLine('z', '1'))
  assert.deepEqual(await names(), ['z'], 'a clock that is put back stops nothing')
})

test('is kept while it cannot be read, whatever the reason, and that is said once', async (t) => {
  const { file, names, later, log } = await scene(t)
  await writeFile(file, bcryptLine('x', '1'))
  assert.deepEqual(await names(), ['x'])
  const breaks: readonly (() => Promise<unknown>)[] = [
    () => rm(file),
    () => mkdir(file),
    () => rm(file, { recursive: true }).then(() => writeFile(file, '')),
    () => writeFile(file, '\n \n'),
    () => writeFile(file, Buffer.alloc(4 * 1024 * 1024 + 1, 'x')),
  ]
  for (const breakIt of breaks) {
    await breakIt()
    for (let look = 0; look < 3; look++) assert.deepEqual(await later(), ['x'])
  }
  const said = log.find('warn')
  assert.deepEqual(
    said.map(({ fields }) => String(fields['why']).replace(/:.*/, '')),
    ['ENOENT', 'it is no file', 'it is empty', 'it is larger than 4 MiB'],
  )
  assert.ok(said.every(({ message }) => message?.includes('who could log in before still can')))
  await writeFile(file, '# nobody\n')
  assert.deepEqual(await later(), [])
})

test('is no reason for an error when it was never there; a file that comes later counts', async (t) => {
  const { file, folder, names, later, log } = await scene(t)
  assert.deepEqual(await names(), [])
  assert.match(log.find('warn')[0]?.message ?? '', /cannot be read: nobody can log in/)
  await writeFile(join(folder, 'new'), bcryptLine('x', '1'))
  await rename(join(folder, 'new'), file)
  assert.deepEqual(await later(), ['x'])
})

test('says with file and line what is wrong in it', async (t) => {
  const { file, names, log } = await scene(t)
  await writeFile(file, `${bcryptLine('x', '1')}y:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\nz:plain-secret\n`)
  assert.deepEqual(await names(), ['x', 'y'])
  const said = log.find('warn').map(({ message }) => message ?? '')
  assert.deepEqual(
    said.map((message) => message.slice(0, file.length + 12)),
    [`${file}:2: user "y"`, `${file}:3: user "z"`],
  )
  assert.doesNotMatch(log.text(), /plain-secret|qUqP/)
})

test('can be another one from one moment to the next', async (t) => {
  const folder = await tempDir(t)
  await writeFile(join(folder, 'a'), bcryptLine('a', '1'))
  await writeFile(join(folder, 'b'), bcryptLine('b', '1'))
  let place: UserPlace = { file: join(folder, 'a'), isOptional: false }
  const users = createUserFile({ place: () => place, clock: fakeClock(), log: collectorLog() })
  const names = async () => [...((await users.current())?.byName.keys() ?? ['none configured'])]
  assert.deepEqual(await names(), ['a'])
  place = { ...place, file: join(folder, 'b') }
  assert.deepEqual(await names(), ['b'])
  place = { file: join(folder, 'c'), isOptional: true }
  assert.deepEqual(await names(), ['none configured'])
})

import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { followFile, type Waiter } from '../../src/store/hasher.ts'
import { tempDir } from '../support/temp.ts'

const MIB = 1024 * 1024

async function fileOf(t: TestContext, bytes: Buffer): Promise<number> {
  const fd = openSync(join(await tempDir(t), 'file'), 'w+')
  t.after(() => closeSync(fd))
  writeSync(fd, bytes)
  return fd
}

/** Of a thread of this process, by its name. */
function priorityOf(name: string): number | undefined {
  for (const thread of readdirSync('/proc/self/task'))
    if (readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === name)
      return getPriority(Number(thread))
  return undefined
}

describe('hashing beside what answers requests', () => {
  it('is the same on either thread, and the one that nobody waits for stands back', async (t) => {
    const bytes = randomBytes(3 * MIB)
    const fd = await fileOf(t, bytes)
    const waiters: readonly Waiter[] = ['client', 'nobody']
    const found = await Promise.all(
      waiters.map((waiter) => followFile(fd, ['sha256'], waiter).finish(bytes.length)),
    )
    const hex = createHash('sha256').update(bytes).digest('hex')
    assert.deepEqual(found, [[hex], [hex]])
    assert.equal(priorityOf('hash'), 0)
    assert.equal(priorityOf('check'), 19)
  })

  it('fails for the file that cannot be read, and for no other', async (t) => {
    const bytes = randomBytes(2 * MIB)
    const short = await fileOf(t, bytes)
    const right = await fileOf(t, bytes)
    ftruncateSync(short, MIB)
    const bad = followFile(short, ['sha256'], 'nobody')
    const good = followFile(right, ['sha256'], 'nobody')
    await assert.rejects(bad.finish(bytes.length), /ends at/)
    assert.equal((await good.finish(bytes.length))[0], createHash('sha256').update(bytes).digest('hex'))
  })
})

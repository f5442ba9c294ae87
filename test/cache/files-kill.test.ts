import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeClock } from '../support/clock.ts'
import { randomBytesFrom } from '../support/fake-content.ts'
import { startFakeFiles } from '../support/fake-files.ts'
import { tempDir } from '../support/temp.ts'
import { assertSettled, drain, drainedOf, startFileEngine } from './file-engine.ts'

const FILE = randomBytesFrom(9, 4_000_000)
const CHILD = join(import.meta.dirname, 'file-child.ts')

for (const change of ['stays', 'changes'] as const)
  test(`after kill -9 in the middle of a file that ${change}, the next process has it right`, async (t) => {
    const dir = await tempDir(t)
    const files = await startFakeFiles()
    const mirror = await startFakeFiles()
    files.put('/f', { content: FILE, etag: '"a"' })
    files.bandwidth = 2_000_000
    const child = spawn(process.execPath, [CHILD, dir, files.url, 'f'], { stdio: 'inherit' })
    const exited = once(child, 'exit')
    await files.requests.waitFor(({ bytesSent }) => bytesSent > 1_500_000, 60_000)
    child.kill('SIGKILL')
    await exited
    const engine = await startFileEngine(t, { after: { dir, files, mirror, clock: fakeClock() } })
    files.bandwidth = undefined
    files.requests.clear()
    const now = change === 'stays' ? FILE : FILE.toReversed()
    if (change === 'changes') files.put('/f', { content: Buffer.from(now), etag: '"b"' })
    assert.deepEqual(await drain(await engine.cache.open(engine.file('f'))), drainedOf(Buffer.from(now)))
    const requests = files.requests.list({ method: 'GET' })
    assert.equal(requests.length, 1)
    assert.match(requests[0]?.range ?? '', /^bytes=[1-9]\d*-$/)
    assert.equal(requests[0]?.headers['if-range'], '"a"')
    await assertSettled(engine)
  })

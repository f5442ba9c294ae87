import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, createWriteStream, statfsSync } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { suite, test } from 'node:test'
import { digestOf } from '../../src/domain/digest.ts'
import { END, fileHeader, paddingOf } from '../../src/packages/tar.ts'
import { apiOf, last } from '../jobs/support.ts'
import { startPair } from '../support/cachalot.ts'
import { tempDir } from '../support/temp.ts'

const MIB = 1024 ** 2
/** What goes through: 3 GiB where LARGE=1 says so, else as much as a run of all tests can bear. */
const SIZE = process.env['LARGE'] === '1' ? 3 * 1024 * MIB + 12_345 : 96 * MIB + 12_345

const room = statfsSync(tmpdir())
const isRoomy = room.bavail * room.bsize > 3 * SIZE + 512 * MIB

/** Zeros, a piece at a time. */
function* zeros(size: number): Generator<Buffer> {
  const piece = Buffer.alloc(MIB)
  for (let left = size; left > 0; left -= MIB) yield left < MIB ? piece.subarray(0, left) : piece
}

function* archiveOf(size: number): Generator<Buffer> {
  const hash = createHash('sha256')
  for (const piece of zeros(size)) hash.update(piece)
  const layer = `sha256:${hash.digest('hex')}`
  const rootfs = { type: 'layers', diff_ids: [layer] }
  const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs }))
  const listed = [{ Config: 'c.json', RepoTags: ['large:1'], Layers: ['layer.tar'] }]
  const file = function* (path: string, content: Iterable<Buffer>, length: number) {
    yield fileHeader(path, length)
    yield* content
    yield Buffer.alloc(paddingOf(length))
  }
  yield* file('c.json', [config], config.length)
  yield* file('layer.tar', zeros(size), size)
  const manifest = Buffer.from(JSON.stringify(listed))
  yield* file('manifest.json', [manifest], manifest.length)
  yield END
}

suite('a large image', { skip: isRoomy ? false : 'there is no room for it here', timeout: 300_000 }, () => {
  test('goes in and out in pieces: nothing waits for it and memory stays flat', async (t) => {
    const { cache } = await startPair(t)
    const folder = await tempDir(t)
    const file = join(folder, 'large.tar')
    const written = createWriteStream(file)
    for (const piece of archiveOf(SIZE)) if (!written.write(piece)) await once(written, 'drain')
    await new Promise((resolve) => written.end(resolve))

    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 50)
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const { size } = await stat(file)
    const began = performance.now()
    const report = await last(
      apiOf(cache).upload('/import', {}, { body: createReadStream(file, { highWaterMark: MIB / 4 }), size }),
    )
    const imported = performance.now()
    await rm(file)
    assert.equal(report.images[0]?.manifest, 'made')

    const plan = await apiOf(cache).get('/export/plan', { name: 'large:1' })
    const response = await apiOf(cache).open('/export', { name: 'large:1' })
    assert.equal(Number(response.headers['content-length']), plan.size)
    const hash = createHash('sha256')
    let bytes = 0
    // A response without an encoding gives buffers.
    for await (const chunk of response as AsyncIterable<Buffer>) {
      hash.update(chunk)
      bytes += chunk.length
    }
    const exported = performance.now()
    clearInterval(watch)
    delay.disable()
    assert.equal(bytes, plan.size)
    const after = await apiOf(cache).get('/export/plan', { name: 'large:1' })
    assert.equal(after.sha256, hash.digest('hex'))
    const rate = (ms: number): string => `${Math.round(SIZE / MIB / (ms / 1000))} MiB/s`
    t.diagnostic(`import ${rate(imported - began)}, export ${rate(exported - imported)}`)
    t.diagnostic(
      `memory grew by ${Math.round((most - before) / MIB)} MiB; event loop p99 ${Math.round(delay.percentile(99) / 1e6)} ms`,
    )
    assert.ok(most - before < 400 * MIB, `memory grew by ${most - before} bytes`)

    const range = { range: `bytes=${plan.size - 2048}-` }
    const tail = await apiOf(cache).open('/export', { name: 'large:1' }, { headers: range })
    const end: Buffer[] = []
    // The same.
    for await (const chunk of tail as AsyncIterable<Buffer>) end.push(chunk)
    assert.equal(Buffer.concat(end).length, 2048)
    assert.equal(digestOf(Buffer.concat(end).subarray(-1024)), digestOf(END))
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { because } from '../../src/domain/reasons.ts'
import { createCourse } from '../../src/jobs/prefetch/course.ts'
import { createTally } from '../../src/jobs/prefetch/tally.ts'

/** What became of images, "ok", "lost" or "gone" one after the other. */
async function statesOf(turns: readonly ('ok' | 'lost' | 'gone')[]): Promise<readonly string[]> {
  const tally = createTally({ progress: () => undefined })
  const course = createCourse(tally, new AbortController().signal)
  for (const [at, turn] of turns.entries()) {
    const name = `docker.io/library/app:${at}`
    await course.attempt({ name, upstream: 'docker.io' }, async () => {
      if (turn === 'lost') throw new AppError('upstream_failed', because('not_kept', { name }))
      if (turn === 'gone') throw new AppError('manifest_unknown')
      tally.fetched(name)
    })
  }
  return tally.sums(true).images.map(({ state }) => state)
}

test('an image that came and did not stay fails alone; two in a row end the list', async () => {
  assert.deepEqual(await statesOf(['lost', 'ok', 'lost', 'gone', 'lost', 'ok']), [
    'failed',
    'fetched',
    'failed',
    'failed',
    'failed',
    'fetched',
  ])
  assert.deepEqual(await statesOf(['lost', 'lost', 'ok', 'ok']), ['failed', 'left', 'left', 'left'])
})

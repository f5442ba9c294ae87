import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Lab } from './lab.ts'
import { CLIENTS_REQUIRED } from './process.ts'
import type { RecordedRequest } from './recorder.ts'

/** What every client can do, whatever its command line looks like. */
export interface PullClient {
  /** Pulls an image and gives the digest it has now for it, where the client tells. */
  pull(reference: string): Promise<string | undefined>
  /** Removes the image with all its layers from the client. */
  remove(reference: string): Promise<void>
  /** What its daemon printed, for a failed test. */
  log?(): string
}

export interface Exercise {
  readonly lab: Lab
  readonly client: PullClient
  /** As the client spells it. */
  readonly reference: string
  /** Of the manifest or index behind the tag. */
  readonly digest: string
  /** Runs after each pull, "the image prints …". */
  readonly check?: () => Promise<void>
}

/**
 * Opens a client, or marks the test as skipped when its daemon does not start on this machine: the cache has no
 * part in that. Skips become failures where the clients are required.
 */
export async function openOrSkip<T>(
  t: TestContext,
  name: string,
  open: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await open()
  } catch (error) {
    if (CLIENTS_REQUIRED) throw error
    t.skip(`${name} does not start here: ${tail(String(error), 500)}`)
    return undefined
  }
}

/**
 * The three pulls every client must manage: cold through the cache, warm without any upstream request, and with
 * the upstream gone. Reports each as a subtest.
 */
export async function exercise(t: TestContext, options: Exercise): Promise<void> {
  const { lab, client, reference } = options
  const name = nameOf(options)
  await step(t, options, `${name}: cold, each blob leaves the upstream at most once`, async () => {
    const before = lab.requests().length
    await pullAndCheck(options)
    assert.notEqual(lab.requests().length, before, 'the upstream saw no request of a cold pull')
    assertNoBlobTwice(lab.requests())
  })
  await step(t, options, `${name}: warm, no request reaches the upstream`, async () => {
    await client.remove(reference)
    const before = lab.requests().length
    await pullAndCheck(options)
    assert.deepEqual(lab.requests().slice(before), [])
  })
  await step(t, options, `${name}: pulls while the upstream is stopped`, async () => {
    await client.remove(reference)
    await withoutUpstreams(lab, () => pullAndCheck(options))
  })
  await client.remove(reference)
}

/** Pulls each image once more with the upstream gone and every tag expired, after a restart of the cache. */
export async function exerciseStale(t: TestContext, exercises: readonly Exercise[]): Promise<void> {
  const lab = exercises[0]?.lab
  assert(lab !== undefined)
  await lab.cache.restart('0')
  await withoutUpstreams(lab, async () => {
    for (const each of exercises) {
      await step(
        t,
        each,
        `${nameOf(each)}: pulls stale, upstream stopped, tag expired, cache restarted`,
        async () => {
          await pullAndCheck(each)
          await each.client.remove(each.reference)
        },
      )
    }
  })
  await lab.cache.restart('5m')
}

/** The reference without the port, which is another one each time. */
function nameOf({ lab, reference }: Exercise): string {
  return reference.replace(lab.cache.host, 'cache')
}

async function pullAndCheck({ client, reference, digest, check }: Exercise): Promise<void> {
  const pulled = await client.pull(reference)
  if (pulled !== undefined) assert.equal(pulled, digest)
  await check?.()
}

async function withoutUpstreams(lab: Lab, action: () => Promise<void>): Promise<void> {
  await lab.stopUpstreams()
  try {
    await action()
  } finally {
    await lab.startUpstreams()
  }
}

/** Adds the logs of the daemons to a failure, since the client alone rarely says what went wrong. */
async function step(
  t: TestContext,
  options: Exercise,
  name: string,
  action: () => Promise<void>,
): Promise<void> {
  await t.test(name, async (t) => {
    try {
      await action()
    } catch (error) {
      t.diagnostic(`the cache said: ${tail(options.lab.cache.log())}`)
      t.diagnostic(`the client's daemon said: ${tail(options.client.log?.() ?? 'nothing')}`)
      t.diagnostic(`the upstreams saw: ${JSON.stringify(options.lab.requests(), undefined, 1)}`)
      throw error
    }
  })
}

function tail(log: string, length = 4_000): string {
  return log.slice(-length)
}

function assertNoBlobTwice(requests: readonly RecordedRequest[]): void {
  const bodies = requests.filter(
    ({ method, path, status }) => method === 'GET' && path.includes('/blobs/') && status < 300,
  )
  const digests = bodies.map(({ path }) => path.split('/blobs/')[1])
  assert.deepEqual(
    digests.filter((digest, i) => digests.indexOf(digest) !== i),
    [],
  )
}

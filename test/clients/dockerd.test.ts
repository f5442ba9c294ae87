import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDocker } from './docker-daemon.ts'
import { exercise, exerciseStale, openOrSkip, type PullClient } from './exercise.ts'
import { GREETING } from './fixtures.ts'
import { createTar, findBusybox } from './images.ts'
import { type Lab, openLab } from './lab.ts'
import { missingOrNotRoot } from './process.ts'

interface Docker extends PullClient, AsyncDisposable {
  docker(args: readonly string[], input?: Uint8Array): Promise<string>
}

/** A Docker daemon of its own without any network, with the cache as its mirror of Docker Hub. */
async function openDocker(lab: Lab): Promise<Docker> {
  const flags = ['--registry-mirror', lab.cache.url, '--insecure-registry', '127.0.0.0/8']
  const daemon = await startDocker(lab, flags)
  const { docker } = daemon
  return {
    docker,
    async pull(reference) {
      await docker(['pull', '--quiet', reference])
      const named = await docker(['image', 'inspect', '--format', '{{index .RepoDigests 0}}', reference])
      return named.split('@')[1]
    },
    remove: async (reference) => void (await docker(['rmi', '--force', reference])),
    log: () => daemon.log(),
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  }
}

void test('dockerd pulls through the cache', {
  skip: missingOrNotRoot('dockerd', 'docker', 'docker-registry'),
}, async (t) => {
  await using lab = await openLab()
  await using client = await openOrSkip(t, 'dockerd', () => openDocker(lab))
  if (client === undefined) return
  const unable = await cannotRun(client)
  const greets = (reference: string) => async () => {
    if (unable !== undefined) return
    assert.equal(await client.docker(['run', '--rm', '--network', 'none', reference]), GREETING)
  }
  const { host } = lab.cache
  const { images } = lab
  const cases = [
    { reference: 'busybox-test/hello:1', digest: images['busybox-test/hello:1'].manifest.digest },
    { reference: 'hello:1', digest: images['library/hello:1'].manifest.digest },
    { reference: `${host}/ghcr.io/org/app:1`, digest: images['org/app:1'].manifest.digest },
    { reference: `${host}/ghcr.io/org/multi:1`, digest: images['org/multi:1'].manifest.digest },
  ].map((each) => ({ ...each, lab, client, check: greets(each.reference) }))
  for (const each of cases) await exercise(t, each)
  await exerciseStale(t, cases)

  await t.test('forty layers arrive whole', async () => {
    assert.equal(await client.pull(`${host}/ghcr/org/many:1`), images['org/many:1'].manifest.digest)
  })
  await t.test('a name that the upstream does not have is reported as not found', async () => {
    await assert.rejects(
      client.docker(['pull', `${host}/busybox-test/none:1`]),
      /manifest unknown|not found/i,
    )
  })
  await t.test('docker runs what it pulled', { skip: unable ?? false }, () => undefined)
})

/** Why this machine runs no containers at all, with or without a cache; undefined when it does. */
async function cannotRun(client: Docker): Promise<string | undefined> {
  const busybox = findBusybox()
  if (busybox === undefined) return 'busybox-static is not installed'
  try {
    await client.docker(['import', '-', 'probe:1'], createTar({ 'bin/busybox': busybox }))
    await client.docker(['run', '--rm', '--network', 'none', 'probe:1', '/bin/busybox', 'true'])
    await client.remove('probe:1')
    return undefined
  } catch (error) {
    return `docker runs no containers here: ${String(error)}`
  }
}

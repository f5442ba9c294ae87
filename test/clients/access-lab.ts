import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { basic, bcryptLine } from '../auth/support.ts'
import { type Cachalot, startCachalot } from '../support/cachalot.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import { createKeyCommands, type KeyCommands } from './access-keys.ts'
import { type Seen, type Witness, watchServer } from './access-witness.ts'
import { type Lab, openLab } from './lab.ts'
import type { RecordedRequest } from './recorder.ts'

export interface Login {
  readonly name: string
  readonly password: string
}

/** May pull. */
export const PULLER: Login = { name: 'puller', password: 'straw-and-hay-7' }
/** May evict too. */
export const KEEPER: Login = { name: 'keeper', password: 'barn-door-open-9' }
/** Nobody here: whom Docker Hub knows. */
export const HUB: Login = { name: 'hubber', password: 'for-docker-hub-alone-5' }
export const WRONG: Login = { name: PULLER.name, password: 'mistyped-1' }

/** A lab whose clients meet a cache with users, and what that cache sees of them. */
export interface AccessLab extends AsyncDisposable {
  readonly lab: Lab
  /** The one with users; its time stands still. */
  readonly cache: Cachalot
  readonly clock: FakeClock
  /** "127.0.0.1:<port>" of it. */
  readonly host: string
  readonly keys: KeyCommands
  /** What reached any upstream while this was done. */
  asked(action: () => Promise<unknown>): Promise<readonly RecordedRequest[]>
  /** What reached the cache while this was done. */
  seen(action: () => Promise<unknown>): Promise<readonly Seen[]>
  /** Asserts that no password and no key stands in the log. */
  assertDiscreet(): void
}

/** @param anonymousPull "private" lets every client of a test pull without a login, "none" lets nobody. */
export async function openAccessLab(t: TestContext, anonymousPull: 'none' | 'private'): Promise<AccessLab> {
  await using opened = new AsyncDisposableStack()
  const lab = opened.use(await openLab())
  const htpasswd = join(lab.dir, 'users')
  await writeFile(htpasswd, [PULLER, KEEPER].map((each) => bcryptLine(each.name, each.password)).join(''))
  const clock = fakeClock()
  const cache = await startCachalot(t, {
    clock,
    upstreams: [
      { name: 'docker.io', url: lab.hub.url },
      { name: 'ghcr.io', url: lab.ghcr.url },
    ],
    config: { auth: { htpasswd, operators: [KEEPER.name], anonymous_pull: anonymousPull } },
  })
  opened.defer(() => cache.close(0))
  const keys = await createKeyCommands({ dir: lab.dir, dataDir: cache.dataDir })
  const look = createLook(lab, watchServer(t, cache.port))
  const held = opened.move()
  return {
    lab,
    cache,
    clock,
    host: `127.0.0.1:${cache.port}`,
    keys,
    ...look,
    assertDiscreet: () => {
      const passwords = [PULLER, KEEPER, HUB, WRONG].flatMap((login) => [login.password, encoded(login)])
      const text = cache.log.text()
      for (const one of [...passwords, ...keys.secrets]) assert.ok(!text.includes(one), `it tells ${one}`)
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  }
}

function createLook({ hub, ghcr }: Lab, witness: Witness): Pick<AccessLab, 'asked' | 'seen'> {
  return {
    asked: async (action) => {
      const before = [hub.requests.length, ghcr.requests.length]
      await action()
      return [...hub.requests.slice(before[0]), ...ghcr.requests.slice(before[1])]
    },
    seen: async (action) => {
      const before = witness.count
      await action()
      return witness.seen(before)
    },
  }
}

/** As Basic writes it, and as clients keep it in their files. */
export function encoded(login: Login): string {
  return headerOf(login).slice('Basic '.length)
}

/** As it comes from a client that uses it. */
export function headerOf({ name, password }: Login): string {
  return basic(name, password)
}

/** What a client says when it fails, both its outputs. */
export async function failure(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => assert.fail('it was expected to fail'),
    (reason: unknown) => reason,
  )
  // The first line is the command itself.
  return String(error).split('\n').slice(1).join('\n').trim()
}

/** Method, path and status of each, without repetitions: "GET /v2/ 401". */
export function glance(seen: readonly Seen[]): string[] {
  const lines = seen.map(({ method, path, status }) => `${method} ${path} ${status}`)
  return [...new Set(lines)]
}

/** The ways in which the cache asked for a login, and with what the client came, each once. */
export function logins(seen: readonly Seen[]): {
  challenges: readonly string[]
  sent: readonly (string | undefined)[]
} {
  const challenges = seen.flatMap((one) => (one.challenge === undefined ? [] : [one.challenge]))
  return {
    challenges: [...new Set(challenges)],
    sent: [...new Set(seen.map((one) => one.authorization))],
  }
}

export const ASKS_PASSWORD = 'Basic realm="Cachalot", charset="UTF-8"'
/** No client has a password for that. */
export const ASKS_KEY = 'PullKey realm="Cachalot", charset="UTF-8"'

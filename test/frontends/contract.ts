import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { Cachalot, ConfigTables } from '../support/cachalot.ts'
import type { FakeClock } from '../support/clock.ts'
import type { Faults } from '../support/fake-faults.ts'
import type { Fetched, FetchOptions } from '../support/http.ts'
import type { RequestLog, RequestRecord } from '../support/request-log.ts'

/** A host that a front end asks, as the suite plays with it. */
export interface ContractUpstream {
  /** Requests since the last call of `forget`. */
  asked(): number
  /** Bodies of content among the answers to those, whole or not. */
  bodies(): number
  forget(): void
  stop(): Promise<void>
  start(): Promise<void>
  /** How it answers everything from now on; undefined: as it should. */
  refuse(
    how: { readonly status: number; readonly headers?: Readonly<Record<string, string>> } | undefined,
  ): void
  /** Its next body of content breaks off after so many bytes. */
  cutNext(after: number): void
  /** Bytes per second; undefined: as fast as it can. */
  pace(rate: number | undefined): void
}

/** Something to ask for: path and query here, and what it is. */
export interface ContractFile {
  readonly path: string
  readonly bytes: Buffer
}

export interface ContractLab {
  readonly cache: Pick<Cachalot, 'fetch' | 'log'>
  readonly upstream: ContractUpstream
  /** Content that stays as it is, 600,000 bytes or more, with what it takes to continue it. */
  readonly lasting: ContractFile
  /** Content that is asked about again. */
  readonly changing: ContractFile & {
    /** It is other content from now on, and this one is returned. */
    change(): Buffer
  }
  /** What the upstream does not have. */
  readonly missing: string
  /** A pull key; where it is asked for, anonymous clients may not pull. */
  readonly addKey?: () => Promise<string>
}

/** What tells one protocol from another. */
export interface Contract {
  readonly name: string
  start(
    t: TestContext,
    options: { readonly clock: FakeClock; readonly config: ConfigTables },
  ): Promise<ContractLab>
  /** Pattern of a rule that is about all of them. */
  readonly match: string
  /** Milliseconds after which the changing one is due. */
  readonly ttl: number
  /** Configuration under which the lasting one is too large; undefined where there is no such limit. */
  readonly small: ConfigTables | undefined
  /** Paths here that are refused before anybody is asked, with the status. */
  readonly malformed: readonly { readonly path: string; readonly status: number }[]
  /** Where a 404 for what is cached means that it is gone; otherwise it is served stale. */
  readonly followsDeletion?: true
  readonly statuses: {
    readonly missing: number
    readonly denied: number
    readonly tooLarge: number
    readonly down: number
    readonly failed: number
    readonly limited: number
  }
  /** Judges that an answer says its error as clients of this protocol expect it. */
  assertError(answer: Fetched): void
  /** Where the pull key goes, unless in front. */
  keyed?(key: string, path: string): string
}

/** The controls of a fake that keeps a request log and makes faults. */
export function controlsOf(
  fake: {
    readonly requests: RequestLog
    readonly faults: Faults
    bandwidth: number | undefined
    stop(): Promise<void>
    start(): Promise<void>
  },
  isContent: (record: RequestRecord) => boolean,
): ContractUpstream {
  let refusal: { remove(): void } | undefined
  const isBody = (record: RequestRecord): boolean =>
    record.method === 'GET' && record.bytesSent > 0 && record.status < 300 && isContent(record)
  return {
    asked: () => fake.requests.count(),
    bodies: () => fake.requests.list().filter(isBody).length,
    forget: () => fake.requests.clear(),
    stop: () => fake.stop(),
    start: () => fake.start(),
    refuse: (how) => {
      refusal?.remove()
      refusal = how === undefined ? undefined : fake.faults.add({ fault: how })
    },
    cutNext: (after) =>
      void fake.faults.add({ times: 1, when: { method: 'GET' }, fault: { truncateAfter: after } }),
    pace: (rate) => {
      fake.bandwidth = rate
    },
  }
}

export type Outcome = 'hit' | 'miss' | 'joined' | 'revalidated' | 'stale' | 'bypass'

/** Asks, and judges what every answer must have. */
export async function ask(lab: ContractLab, path: string, options: FetchOptions = {}): Promise<Fetched> {
  const answer = await lab.cache.fetch(path, options)
  assert.ok(answer.status > 0, `${path} was not answered: ${String(answer.error)}`)
  assert.match(
    String(answer.headers['x-cache']),
    /^(hit|miss|joined|revalidated|stale|bypass)$/,
    `X-Cache of ${path}`,
  )
  assert.match(String(answer.headers['x-request-id']), /^[\w-]{8,}$/, `X-Request-Id of ${path}`)
  assert.equal(answer.headers['x-content-type-options'], 'nosniff', `nosniff of ${path}`)
  assert.match(String(answer.headers['content-security-policy']), /sandbox/, `sandbox of ${path}`)
  assert.equal(answer.headers['set-cookie'], undefined)
  return answer
}

/** The whole of it, this way. */
export function assertWhole(answer: Fetched, bytes: Buffer, ...outcomes: readonly Outcome[]): void {
  assert.equal(answer.status, 200, answer.body.subarray(0, 300).toString())
  assert.equal(answer.complete, true)
  assert.ok(answer.body.equals(bytes), `${answer.body.length} of ${bytes.length} bytes, or others`)
  const outcome = String(answer.headers['x-cache'])
  assert.ok(
    outcomes.some((one) => one === outcome),
    `X-Cache: ${outcome}, not ${outcomes.join(' or ')}`,
  )
}

/** Waits until what was pulled is kept, which is a moment after its last byte. */
export async function kept(lab: ContractLab, path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const { headers } = await lab.cache.fetch(path, { method: 'HEAD' })
    if (headers['x-cache'] === 'hit') return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail(`${path} is not kept`)
}

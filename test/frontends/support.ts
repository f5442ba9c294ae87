import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { AppError, type ErrorCode } from '../../src/domain/errors.ts'
import type { Cachalot } from '../support/cachalot.ts'
import type { Fetched } from '../support/http.ts'

/** Words of the protocol, which are good repository components too. */
export const TRAPS = [
  'manifests',
  'blobs',
  'tags',
  'list',
  'uploads',
  'referrers',
  'v2',
  'ui',
  'go',
  'latest',
]

/** One component of a repository name (OCI distribution spec, "Pulling manifests"). */
export const component = fc.oneof(
  fc.constantFrom(...TRAPS),
  fc
    .tuple(
      fc.stringMatching(/^[a-z0-9]{1,8}$/),
      fc.array(fc.tuple(fc.constantFrom('.', '_', '__', '-', '---'), fc.stringMatching(/^[a-z0-9]{1,5}$/)), {
        maxLength: 3,
      }),
    )
    .map(([first, rest]) => first + rest.flat().join('')),
)

export const repository = fc.array(component, { minLength: 1, maxLength: 5 })

export const tag = fc.oneof(
  fc.constantFrom(...TRAPS),
  fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/),
)

const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))

export const digest = fc.oneof(
  hex(64).map((text) => `sha256:${text}`),
  hex(128).map((text) => `sha512:${text}`),
)

/** The catalogue code that a call fails with; the call's failure to fail is a failure of the test. */
export function codeOf(call: () => unknown): ErrorCode {
  try {
    call()
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
  return assert.fail('it was taken')
}

interface OciError {
  readonly code: string
  readonly message: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** The one error of an answer in the registry's shape. */
export function errorOf(answer: Fetched): OciError {
  // The linter of fetchAll has judged the shape.
  const { errors } = JSON.parse(answer.body.toString()) as { errors: OciError[] }
  assert.equal(errors.length, 1)
  return errors[0] ?? assert.fail('no error')
}

/** "404 NAME_UNKNOWN", or only the status of an answer without an error body. */
export function verdict(answer: Fetched): string {
  return answer.status < 400 || answer.body.length === 0
    ? String(answer.status)
    : `${answer.status} ${errorOf(answer).code}`
}

/** The JSON of an answer, as what the test says it is. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- shorter than a cast at every use
export function jsonOf<T>(answer: Fetched): T {
  return JSON.parse(answer.body.toString()) as T // the assertions that follow look at every field they need
}

/** Waits until what was pulled has also reached disk and index, which is a moment after its last byte. */
export async function settled(cache: Cachalot, path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const { headers } = await cache.fetch(path, { method: 'HEAD' })
    if (headers['x-cache'] === 'hit') return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.fail(`${path} is not kept`)
}

import { setTimeout as sleep } from 'node:timers/promises'
import { DELIMITER, encodeLine, FLUSH } from '../../src/git/pkt-line.ts'
import type { GitLab } from './fake-git-lab.ts'
import type { Fetched, FetchOptions } from './http.ts'

const REPO = '/https://github.com/owner/repo'

/** "version 2" as clients say it. */
export const V2 = { 'git-protocol': 'version=2' }

/** info/refs of a clone. */
export function askRefs(lab: GitLab, path = REPO, options: FetchOptions = {}): Promise<Fetched> {
  return lab.get(`${path}/info/refs?service=git-upload-pack`, { headers: V2, ...options })
}

/** A request to git-upload-pack with these bytes. */
export function askPack(
  lab: GitLab,
  body: Buffer,
  options: FetchOptions & { path?: string } = {},
): Promise<Fetched> {
  const { path = REPO, headers, ...more } = options
  const type = { 'content-type': 'application/x-git-upload-pack-request' }
  return lab.get(`${path}/git-upload-pack`, {
    method: 'POST',
    body,
    headers: { ...V2, ...type, ...headers },
    ...more,
  })
}

export function lsRefsBody(...prefixes: string[]): Buffer {
  const lines = ['peel', 'symrefs', ...prefixes.map((prefix) => `ref-prefix ${prefix}`)]
  return Buffer.concat([encodeLine('command=ls-refs'), DELIMITER, ...lines.map(encodeLine), FLUSH])
}

export function fetchBody(...wants: string[]): Buffer {
  const lines = ['ofs-delta', 'no-progress', ...wants.map((oid) => `want ${oid}`), 'done']
  return Buffer.concat([encodeLine('command=fetch'), DELIMITER, ...lines.map(encodeLine), FLUSH])
}

/** Whether an answer holds a pack, rather than an error. */
export function hasPack({ status, body }: Fetched): boolean {
  return status === 200 && body.includes('packfile') && body.includes('PACK')
}

/** Waits for what has to happen; throws where it does not within half a minute. */
export async function until(happened: () => boolean): Promise<void> {
  for (let tries = 0; !happened(); tries++) {
    if (tries > 1500) throw new Error('it never happened')
    await sleep(20)
  }
}

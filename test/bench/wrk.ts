import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Media types a client names when it asks for a manifest. */
export const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ')

/** Answers per second with 32 kept connections, one thread asking; throws when one answer was not 2xx. */
export async function requestsPerSecond(url: string, seconds: number): Promise<number> {
  const args = ['-t1', '-c32', `-d${seconds}s`, '-H', `Accept: ${MANIFEST_TYPES}`, url]
  const { stdout } = await promisify(execFile)('wrk', args, { timeout: (seconds + 30) * 1000 })
  const trouble = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0]
  if (trouble !== undefined) throw new Error(`${url}: ${trouble}`)
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1])
}

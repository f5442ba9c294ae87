import { encodeLine, FLUSH } from '../../git/pkt-line.ts'
import { AGENT } from '../../git/remote.ts'

/** What both a mirror and any upstream of today can do. */
const FETCH = new Set(['shallow', 'filter', 'wait-for-done'])
const PLAIN = /^(?:ls-refs(?:=unborn)?|server-option|object-format=[a-z0-9]+)$/

/**
 * What is said to clients of version 2: of what an upstream can, only what a mirror can too, since either may answer.
 * Nothing is left in that leads clients elsewhere for their bytes.
 */
export function advertisementOf(capabilities: readonly string[]): Buffer {
  const lines = capabilities.flatMap((line) => {
    if (PLAIN.test(line)) return [line]
    if (line !== 'fetch' && !line.startsWith('fetch=')) return []
    const features = line
      .slice('fetch='.length)
      .split(' ')
      .filter((word) => FETCH.has(word))
    return [features.length === 0 ? 'fetch' : `fetch=${features.join(' ')}`]
  })
  const all = ['version 2', `agent=${AGENT}`, ...lines]
  return Buffer.concat([...all.map(encodeLine), FLUSH])
}

/** What a mirror can alone. */
export const OWN = ['ls-refs=unborn', 'fetch=shallow filter wait-for-done', 'object-format=sha1']

/** Before the refs of older versions (gitprotocol-http, "Smart Server Response"). */
export const SERVICE = Buffer.concat([encodeLine('# service=git-upload-pack'), FLUSH])

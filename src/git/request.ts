import { DELIMITER, encodeLine, FLUSH, lineOf, type Packet, PacketError, readPackets } from './pkt-line.ts'
import { isOid } from './refs.ts'

/** What a client asks of git-upload-pack. */
export type UploadRequest =
  | LsRefs
  | { readonly kind: 'fetch'; readonly version: 0 | 2; readonly wants: readonly string[] }
  /** A command that is passed on as it is. */
  | { readonly kind: 'other'; readonly command: string }

export interface LsRefs {
  readonly kind: 'ls-refs'
  /** "peel", "symrefs", "unborn", each once. */
  readonly flags: readonly string[]
  /** None: all refs. */
  readonly prefixes: readonly string[]
  readonly objectFormat: string
}

const FLAGS = new Set(['peel', 'symrefs', 'unborn'])
const MOST_WANTS = 1_000_000
const LONGEST_PREFIX = 1024
/** Each is compared with each ref; a server may list more than it was asked for, and git expects that. */
const MOST_PREFIXES = 256
/** As many wants and haves as fit. Empty ones are smaller, and a few bytes unpack to millions of them. */
const MOST_PACKETS = 700_000

/** The body of a request, decoded (gitprotocol-v2 and gitprotocol-pack). Throws PacketError. */
export function parseUploadRequest(bytes: Buffer): UploadRequest {
  const packets = readPackets(bytes, MOST_PACKETS)
  const first = lineOf(packets[0])
  if (first === undefined) throw new PacketError('there is no request')
  if (!first.startsWith('command=')) return { kind: 'fetch', version: 0, wants: wantsIn(packets) }
  const command = first.slice('command='.length)
  if (command === 'fetch') return { kind: 'fetch', version: 2, wants: wantsIn(packets) }
  return command === 'ls-refs' ? lsRefsIn(packets) : { kind: 'other', command: command.slice(0, 40) }
}

function wantsIn(packets: readonly Packet[]): readonly string[] {
  const wants = new Set<string>()
  for (const packet of packets) {
    const line = lineOf(packet)
    if (line?.startsWith('want ') !== true) continue
    const [, oid = ''] = line.split(' ')
    if (!isOid(oid)) throw new PacketError('a want names no object')
    wants.add(oid)
    if (wants.size > MOST_WANTS) throw new PacketError('it wants too much')
  }
  return [...wants]
}

function lsRefsIn(packets: readonly Packet[]): LsRefs {
  const middle = packets.indexOf('delimiter')
  const lines = (part: readonly Packet[]): string[] => part.map(lineOf).filter((line) => line !== undefined)
  const capabilities = lines(middle < 0 ? packets : packets.slice(0, middle))
  const asked = middle < 0 ? [] : lines(packets.slice(middle))
  const prefixes = new Set(
    asked.filter((line) => line.startsWith(PREFIX)).map((line) => line.slice(PREFIX.length)),
  )
  if ([...prefixes].some((prefix) => prefix.length > LONGEST_PREFIX))
    throw new PacketError('a prefix is too long')
  const format = capabilities.find((line) => line.startsWith(FORMAT))?.slice(FORMAT.length)
  return {
    kind: 'ls-refs',
    flags: [...new Set(asked.filter((line) => FLAGS.has(line)))].toSorted(),
    prefixes: prefixes.size > MOST_PREFIXES ? [] : [...prefixes].toSorted(),
    objectFormat: format === 'sha256' ? 'sha256' : 'sha1',
  }
}

const PREFIX = 'ref-prefix '
const FORMAT = 'object-format='

/** The same question for an upstream: made anew, so that equal questions are equal bytes and nothing else goes along. */
export function encodeLsRefs({ flags, prefixes, objectFormat }: LsRefs, agent: string): Buffer {
  return Buffer.concat([
    ...['command=ls-refs', `agent=${agent}`, `object-format=${objectFormat}`].map(encodeLine),
    DELIMITER,
    ...flags.map(encodeLine),
    ...prefixes.map((prefix) => encodeLine(PREFIX + prefix)),
    FLUSH,
  ])
}

import { lineOf, type Packet, PacketError, readPackets } from './pkt-line.ts'

/** What refs lead to, by their full names, HEAD and peeled tags left out. */
export type Refs = ReadonlyMap<string, string>

export interface Known {
  readonly refs: Refs
  /** The branch that HEAD stands for, "refs/heads/main", where that was said. */
  readonly head: string | undefined
}

const OID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/

export function isOid(text: string): boolean {
  return OID.test(text)
}

/** The answer to ls-refs (gitprotocol-v2, "ls-refs"). Throws PacketError. */
export function parseLsRefs(bytes: Buffer): Known {
  const refs = new Map<string, string>()
  let head: string | undefined
  for (const packet of readPackets(bytes)) {
    const [oid = '', name = '', ...attributes] = lineOf(packet)?.split(' ') ?? []
    if (name === 'HEAD') head = attributes.find((one) => one.startsWith(SYMREF))?.slice(SYMREF.length)
    else if (isOid(oid) && name !== '') refs.set(name, oid)
    else if (oid.startsWith('ERR')) throw new PacketError('the upstream refused to list branches')
  }
  return { refs, head }
}

const SYMREF = 'symref-target:'

/** What a server says of itself at the begin. */
export type Advertisement =
  | { readonly version: 2; readonly capabilities: readonly string[] }
  | ({ readonly version: 0; readonly capabilities: readonly string[] } & Known)

/** The answer to info/refs, of either version (gitprotocol-http, "Smart Server Response"). Throws PacketError. */
export function parseAdvertisement(bytes: Buffer): Advertisement {
  const packets = readPackets(bytes)
  const start = lineOf(packets[0])?.startsWith('# service=') === true ? 2 : 0
  const first = lineOf(packets[start])
  if (first === undefined) throw new PacketError('there is no advertisement')
  const rest = packets.slice(start + 1)
  if (first === 'version 2') return { version: 2, capabilities: linesOf(rest) }
  return ofOldVersion(first === 'version 1' ? linesOf(rest) : [first, ...linesOf(rest)])
}

function linesOf(packets: readonly Packet[]): readonly string[] {
  return packets.map(lineOf).filter((line) => line !== undefined)
}

function ofOldVersion(lines: readonly string[]): Advertisement {
  const [names = '', said = ''] = lines[0]?.split('\0') ?? []
  const refs = new Map<string, string>()
  for (const line of [names, ...lines.slice(1)]) {
    const [oid = '', name = ''] = line.split(' ')
    if (isOid(oid) && name.startsWith('refs/') && !name.endsWith('^{}')) refs.set(name, oid)
  }
  const capabilities = said.split(' ').filter((word) => word !== '')
  const head = capabilities.find((word) => word.startsWith('symref=HEAD:'))?.slice('symref=HEAD:'.length)
  return { version: 0, capabilities, refs, head }
}

/** Whether a mirror takes this ref over: what servers keep for requests to merge may be ten times as much. */
export function isMirrored(name: string): boolean {
  return name.startsWith('refs/heads/') || name.startsWith('refs/tags/')
}

/**
 * Whether what is here is what the upstream says, as far as it was asked: for refs that begin with one of the
 * prefixes; none means all.
 */
export function isSame(here: Refs, there: Refs, prefixes: readonly string[]): boolean {
  const isAsked = (name: string): boolean =>
    isMirrored(name) && (prefixes.length === 0 || prefixes.some((prefix) => name.startsWith(prefix)))
  for (const [name, oid] of there) if (isAsked(name) && here.get(name) !== oid) return false
  for (const name of here.keys()) if (isAsked(name) && !there.has(name)) return false
  return true
}

/** Whether a name may be given to git as a branch: nothing that it would read as anything else. */
export function isBranch(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- git forbids them in names (git-check-ref-format)
  const isPlain = !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\.lock(?:\/|$)|\/\.|[./]$/.test(name)
  return name.startsWith('refs/heads/') && name.length < 1024 && isPlain
}

/** One packet of git's wire format (gitprotocol-common, "pkt-line Format"): its bytes, or one of the marks. */
export type Packet = Buffer | 'flush' | 'delimiter' | 'end'

/** The bytes are no packets. */
export class PacketError extends Error {}

const MARKS: Readonly<Record<number, Packet>> = { 0: 'flush', 1: 'delimiter', 2: 'end' }

/** All packets up to the end of the bytes. Throws PacketError, also where there are more than `most`. */
export function readPackets(bytes: Buffer, most = Infinity): readonly Packet[] {
  const packets: Packet[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at)
    const mark = MARKS[length]
    if (mark !== undefined) packets.push(mark)
    else if (length < 4 || at + length > bytes.length) throw new PacketError('a packet breaks off')
    else packets.push(bytes.subarray(at + 4, at + length))
    if (packets.length > most) throw new PacketError('it has too many packets')
    at += mark === undefined ? length : 4
  }
  return packets
}

function lengthAt(bytes: Buffer, at: number): number {
  const text = bytes.toString('latin1', at, at + 4)
  if (!/^[0-9a-f]{4}$/i.test(text)) throw new PacketError('there is no packet')
  return Number.parseInt(text, 16)
}

/** The text of a packet without the line feed at its end; undefined for marks. */
export function lineOf(packet: Packet | undefined): string | undefined {
  if (!Buffer.isBuffer(packet)) return undefined
  return packet.toString('utf8').replace(/\n$/, '')
}

/** A packet that holds a line. */
export function encodeLine(text: string): Buffer {
  const line = Buffer.from(`${text}\n`)
  return Buffer.concat([Buffer.from((line.length + 4).toString(16).padStart(4, '0')), line])
}

export const FLUSH = Buffer.from('0000')
export const DELIMITER = Buffer.from('0001')

import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** Somewhere pointed us at an address that is not on the public internet. */
export class PrivateAddressError extends Error {
  readonly code = 'PRIVATE_ADDRESS'
  readonly host: string

  constructor(host: string) {
    super(`${host} is at a private address`)
    this.host = host
  }
}

/** DNS64 networks reach the IPv4 internet through this prefix (RFC 6052), so what is inside decides. */
const NAT64 = ipaddr.IPv6.parse('64:ff9b::')
const GLOBAL_UNICAST = ipaddr.IPv6.parse('2000::')

/** Whether an IP address belongs to the public internet; false for text that is no address. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  if (address.match(NAT64, 96)) return isPublicAddress(embeddedIPv4(address))
  return address.match(GLOBAL_UNICAST, 3) && address.range() === 'unicast'
}

function embeddedIPv4(address: ipaddr.IPv6): string {
  return address.toByteArray().slice(12).join('.')
}

/**
 * Refuses what can be refused by looking at the URL alone: IP literals (the URL parser has already
 * normalised `0x7f000001`, `127.1` and the like) and localhost. Names are checked when they are resolved.
 * Throws PrivateAddressError.
 */
export function refusePrivateLiteral(url: URL): void {
  const host = bareHost(url)
  const isLocalName = /(?:^|\.)localhost\.?$/i.test(host)
  if (isLocalName || (isIP(host) !== 0 && !isPublicAddress(host))) throw new PrivateAddressError(url.host)
}

/** Refuses a name as soon as one of its addresses is private. Throws PrivateAddressError. */
export function refusePrivateAnswers(host: string, addresses: readonly { address: string }[]): void {
  if (!addresses.every(({ address }) => isPublicAddress(address))) throw new PrivateAddressError(host)
}

/** Host name of a URL without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
}

import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { UpstreamSettings } from './settings.ts'

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

/**
 * Where clouds tell a machine who it is and what it may do: link-local addresses, and what Azure, Alibaba,
 * Oracle, Amazon and Google use beside them. Some lie in ranges that look public, or that are merely private.
 */
const METADATA = [
  '169.254.0.0/16',
  '168.63.129.16/32',
  '100.100.100.200/32',
  '192.0.0.192/32',
  'fe80::/10',
  'fd00:ec2::/32',
  'fd20:ce::/32',
].map((range) => ipaddr.parseCIDR(range))

/** Whether an IP address belongs to the public internet; false for text that is no address. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text) || isMetadataAddress(text)) return false
  const address = ipaddr.process(text)
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast'
  if (address.match(NAT64, 96)) return isPublicAddress(embeddedIPv4(address))
  return address.match(GLOBAL_UNICAST, 3) && address.range() === 'unicast'
}

function embeddedIPv4(address: ipaddr.IPv6): string {
  return address.toByteArray().slice(12).join('.')
}

/** Whether an IP address is one where clouds keep credentials; false for text that is no address. */
export function isMetadataAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  if (address instanceof ipaddr.IPv6 && address.match(NAT64, 96)) {
    return isMetadataAddress(embeddedIPv4(address))
  }
  return METADATA.some((range) => address.kind() === range[0].kind() && address.match(range))
}

/** Decides which addresses one upstream may lead us to: by its own URL, redirects and token services. */
export interface AddressGuard {
  /**
   * Refuses what can be refused by looking at the URL alone: IP literals (the URL parser has already
   * normalised `0x7f000001`, `127.1` and the like) and localhost. Throws PrivateAddressError.
   */
  checkUrl(url: URL): void
  /** Refuses a name as soon as one of its addresses is not allowed. Throws PrivateAddressError. */
  checkAddresses(host: string, addresses: readonly { readonly address: string }[]): void
}

/**
 * Public addresses only, unless the upstream may be private. Even that one reaches link-local and metadata
 * addresses at the host of its own URL alone: who redirects there wants what the cache's machine may know.
 */
export function createAddressGuard(settings: Pick<UpstreamSettings, 'url' | 'allowPrivate'>): AddressGuard {
  const { allowPrivate } = settings
  const home = bareHost(new URL(settings.url))

  function isAllowed(host: string, address: string): boolean {
    return allowPrivate ? host === home || !isMetadataAddress(address) : isPublicAddress(address)
  }

  return {
    checkUrl(url) {
      const host = bareHost(url)
      const isLocal = !allowPrivate && /(?:^|\.)localhost\.?$/i.test(host)
      if (isLocal || (isIP(host) !== 0 && !isAllowed(host, host))) throw new PrivateAddressError(url.host)
    },
    checkAddresses(host, addresses) {
      if (!addresses.every(({ address }) => isAllowed(host, address))) throw new PrivateAddressError(host)
    },
  }
}

/** Host name of a URL without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
}

import { domainToASCII } from 'node:url'
import { isRefusal, parseListen, type Refusal, refuse } from './parsers.ts'

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
/** At least two labels, and the last one no number, so that no address passes. */
const DOMAIN = new RegExp(`^(?:\\*\\.)?(?:${LABEL}\\.)+(?!\\d+$)${LABEL}$`)

/** A name for a certificate, lower case and in ASCII; it may be for all names below one. */
export function parseDomain(text: string): string | Refusal {
  const name = text.trim()
  const isWild = name.startsWith('*.')
  const ascii = domainToASCII(isWild ? name.slice(2) : name)
  const domain = isWild ? `*.${ascii}` : ascii
  const good = DOMAIN.test(domain) && domain.length <= 253
  return good ? domain : refuse('must be a full name such as "cache.example.com" or "*.example.com"')
}

export function parseEmail(text: string): string | Refusal {
  return /^[^\s@-][^\s@]*@[^\s@]+$/.test(text) ? text : refuse('must be an address such as "ops@example.com"')
}

/** A word of lego's list of providers. One of them asks at the terminal, which there is none of. */
export function parseProvider(text: string): string | Refusal {
  return /^[a-z0-9][a-z0-9-]*$/.test(text) && text !== 'manual'
    ? text
    : refuse('must be lego\'s word for a provider such as "cloudflare"')
}

export function parseResolver(text: string): string | Refusal {
  const address = parseListen(text)
  return isRefusal(address) ? refuse('must be an address and a port such as "9.9.9.9:53"') : text.trim()
}

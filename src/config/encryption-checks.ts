import type { Settings } from './schema.ts'
import type { Contradiction } from './source.ts'

const CERT = ['server', 'tls', 'cert']
const KEY = ['server', 'tls', 'key']
const REDIRECT = ['server', 'tls', 'redirect_http']
const DOMAINS = ['server', 'acme', 'domains']
const CHALLENGE = ['server', 'acme', 'challenge']

/** What cannot be together, or is missing, in `[server.tls]` and `[server.acme]`. */
export function encryptionContradictionsIn(server: Settings['server']): Contradiction[] {
  return [...checkPair(server), ...checkUse(server), ...checkChallenge(server)]
}

function checkPair({ tls, acme }: Settings['server']): Contradiction[] {
  const found: Contradiction[] = []
  const both = [CERT, KEY]
  if (tls.cert !== undefined && tls.key === undefined) {
    found.push({ path: CERT, message: 'needs server.tls.key beside it', from: both })
  }
  if (tls.key !== undefined && tls.cert === undefined) {
    found.push({ path: KEY, message: 'needs server.tls.cert beside it', from: both })
  }
  if (tls.cert !== undefined && acme.domains.length > 0) {
    const message = 'contradicts server.tls.cert: use either files or ACME'
    found.push({ path: DOMAINS, message, from: [DOMAINS, CERT] })
  }
  return found
}

/** Keys that mean nothing without a certificate; who sets them believes to be safer than they are. */
function checkUse({ tls, acme, public_url }: Settings['server']): Contradiction[] {
  if (tls.cert !== undefined || tls.key !== undefined || acme.domains.length > 0) return []
  const from = [CERT, DOMAINS]
  const message = 'needs a certificate: set server.tls.cert and key, or server.acme.domains'
  const idle = [
    tls.client_ca === undefined ? [] : ['client_ca'],
    tls.hsts === undefined ? [] : ['hsts'],
    // A proxy in front may be the one that has the certificate.
    tls.redirect_http === undefined || public_url?.startsWith('https:') === true ? [] : ['redirect_http'],
  ].flat()
  return idle.map((key) => ({ path: ['server', 'tls', key], message, from }))
}

function checkChallenge({ tls, acme }: Settings['server']): Contradiction[] {
  const found: Contradiction[] = []
  if (acme.challenge === 'dns-01' && acme.dns_provider === undefined) {
    const from = [CHALLENGE, ['server', 'acme', 'dns_provider']]
    found.push({ path: CHALLENGE, message: 'dns-01 needs dns_provider beside it', from })
  }
  if (acme.domains.length === 0 || tls.cert !== undefined) return found
  if (acme.challenge === 'http-01' && tls.redirect_http === undefined) {
    const message = 'http-01 needs server.tls.redirect_http, reachable from outside on port 80'
    found.push({ path: CHALLENGE, message, from: [CHALLENGE, DOMAINS, REDIRECT] })
  }
  if (acme.challenge === 'http-01' && acme.domains.some((domain) => domain.startsWith('*.'))) {
    const message = 'a name with "*" can only be proved by dns-01'
    found.push({ path: DOMAINS, message, from: [CHALLENGE, DOMAINS] })
  }
  if (acme.email === undefined) {
    const message = 'is missing: lego 4 insists on an address'
    const path = ['server', 'acme', 'email']
    found.push({ path, message, from: [path, DOMAINS], severity: 'warning' })
  }
  return found
}

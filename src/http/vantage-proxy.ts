import type { IncomingMessage } from 'node:http'
import { networkOf } from '../auth/network.ts'
import type { Log } from '../domain/log.ts'
import type { AnonymousPull } from './admission.ts'
import { contains, toBlockList } from './client-address.ts'

export interface ProxySettings {
  readonly anonymousPull: AnonymousPull
  readonly trustedProxies: readonly string[]
}

/** Notices proxies that nobody told us about. */
export interface ProxyNotice {
  /** Looks at the headers of a request; changes nothing about it. */
  note(req: IncomingMessage): void
  /** Takes other settings into use; what was said is said again where it is still true. */
  update(settings: ProxySettings): void
}

/** So many are told of; whoever sends such headers from still more networks only wants to fill the log. */
const MOST = 100

/**
 * Says once for each network that a proxy there passes on requests of others: as long as it is not trusted,
 * all of them count as the proxy, and may pull without a login where the proxy may.
 */
export function createProxyNotice(initial: ProxySettings, log: Log): ProxyNotice {
  const told = new Set<string>()
  let judge = createJudge(initial)

  const tell = (peer: string): void => {
    const proxy = networkOf(peer)
    if (told.size >= MOST || told.has(proxy) || !judge(peer)) return
    told.add(proxy)
    log.warn({ event: 'proxy', proxy }, UNTRUSTED)
  }
  return {
    note: (req) => {
      const { headers } = req
      const isPassedOn =
        headers['x-forwarded-for'] !== undefined ||
        headers['x-real-ip'] !== undefined ||
        headers.forwarded !== undefined
      if (isPassedOn) tell(req.socket.remoteAddress ?? '')
    },
    update: (settings) => {
      judge = createJudge(settings)
      told.clear()
    },
  }
}

const UNTRUSTED =
  'a proxy at this address passes on requests of others, who all count as the proxy and may pull without a ' +
  'login as it may: list it in server.trusted_proxies, or take its network out of auth.anonymous_pull'

/** Whether it matters that this peer speaks for others. */
function createJudge({ anonymousPull, trustedProxies }: ProxySettings): (peer: string) => boolean {
  if (anonymousPull === 'all' || anonymousPull === 'none') return () => false
  const [admitted, trusted] = [toBlockList(anonymousPull), toBlockList(trustedProxies)]
  return (peer) => contains(admitted, peer) && !contains(trusted, peer)
}

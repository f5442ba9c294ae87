import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { UpstreamConfig } from '../config/config.ts'
import { namesPrivateHost } from '../config/networks.ts'
import type { Clock } from '../domain/clock.ts'
import { createAddressGuard } from '../upstream/address-guard.ts'
import { type Finding, finding } from './finding.ts'
import { type Answer, firstHop, getOver, openTcp, openTls, PATIENCE, type Route } from './route.ts'
import { tell } from './sentences.ts'
import { createSteps, type Steps } from './steps.ts'
import { checkLogin } from './token.ts'

export interface UpstreamFindings {
  readonly findings: readonly Finding[]
  /** What its clock said and ours at that moment, in ms. */
  readonly clocks: { readonly theirs: number; readonly ours: number } | undefined
}

/** Name, connection, encryption, answer and login of one upstream, up to the first step that fails. */
export async function probeUpstream(upstream: UpstreamConfig, clock: Clock): Promise<UpstreamFindings> {
  const route: Route = {
    url: new URL(`${upstream.url}/v2/`),
    proxy: upstream.proxy === undefined ? undefined : new URL(upstream.proxy),
    ca: upstream.ca,
    guard: createAddressGuard(upstream),
  }
  const steps = createSteps()
  const answer = await walk(upstream, route, steps)
  const theirs = Date.parse(answer?.headers.date ?? '')
  const ours = clock()
  const challenge = answer?.headers['www-authenticate']
  if (answer?.status === 401) await checkLogin({ upstream, route, challenge, steps })
  return {
    findings: steps.found,
    clocks: Number.isNaN(theirs) ? undefined : { theirs, ours },
  }
}

/** The registry's answer, when the way there is good. */
async function walk(upstream: UpstreamConfig, route: Route, steps: Steps): Promise<Answer | undefined> {
  const { host, port } = firstHop(route)
  const addresses = await steps.take({
    name: 'name',
    what: tell('place', { place: host }),
    advice: tell('check_dns'),
    run: () => addressesOf(host),
    judge: (found) => judgeAddresses(host, found, upstream),
  })
  if (addresses === undefined) return undefined
  const socket = await steps.take({
    name: 'connect',
    what: tell(route.proxy === undefined ? 'place' : 'proxy', { place: `${host}:${port}` }),
    advice: tell('check_way'),
    run: () => openTcp(route),
  })
  if (socket === undefined) return undefined
  const way = route.url.protocol !== 'https:' ? socket : await encrypt(() => openTls(socket, route), steps)
  if (way === undefined) return undefined
  return steps.take({
    name: 'registry',
    what: tell('place', { place: `GET ${route.url.pathname}` }),
    advice: tell('check_url'),
    run: () => getOver(way, route),
    judge: judgeAnswer,
  })
}

function encrypt<T>(run: () => Promise<T>, steps: Steps): Promise<T | undefined> {
  return steps.take({
    name: 'tls',
    what: tell('encryption'),
    advice: tell('check_tls'),
    run,
  })
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const waited = new AbortController()
  const late = delay(PATIENCE, undefined, { signal: waited.signal }).then(() => {
    throw new DOMException('no answer in 5 s', 'TimeoutError')
  })
  try {
    const found = await Promise.race([lookup(host, { all: true }), late])
    return found.map(({ address }) => address)
  } finally {
    waited.abort()
    await late.catch(() => undefined)
  }
}

function judgeAddresses(
  host: string,
  addresses: readonly string[],
  { allowPrivate, proxy }: UpstreamConfig,
): Omit<Finding, 'name' | 'ms'> {
  const isItself = addresses.includes(host)
  const found = { host, addresses: addresses.join(', ') }
  const isClosed = !allowPrivate && proxy === undefined && addresses.some(isPrivate)
  if (!isClosed) return finding('ok', isItself ? tell('place', { place: host }) : tell('addresses', found))
  const detail = isItself ? tell('not_public_itself', { host }) : tell('not_public', found)
  return finding('fail', detail, tell('allow_private'))
}

function isPrivate(address: string): boolean {
  return namesPrivateHost(`http://${isIPv6(address) ? `[${address}]` : address}/`)
}

function judgeAnswer({ status }: Answer): Omit<Finding, 'name' | 'ms'> {
  if (status === 200 || status === 401) return finding('ok', tell('status', { status }))
  const detail = tell('odd_status', { status })
  if (status === 429) return finding('warn', detail, tell('limited'))
  if (status >= 500) return finding('fail', detail, tell('trouble'))
  return finding('warn', detail, tell('no_registry'))
}

import { type Filling, fill, type Params, type Saying } from '../domain/saying.ts'

/** What steps say of an upstream. The console says it in the language of its reader, by these names. */
export const SENTENCES = {
  place: '{place}',
  proxy: '{place}, the proxy',
  addresses: '{host} is {addresses}',
  not_public: '{host} is {addresses}, which is no public address',
  not_public_itself: '{host}, which is no public address',
  encryption: 'certificate and encryption',
  status: 'answers {status}',
  odd_status: 'answers {status} where 200 or 401 is usual',
  lets_in: '{host} lets us in with the login',
  lets_in_anonymous: '{host} lets us in without a login',
  refuses: '{host} answers {status} with the login',
  refuses_anonymous: '{host} answers {status} without a login',
  wants_login: 'this registry wants a login',

  check_dns: 'check the DNS server of this machine',
  check_way: 'check firewall and proxy',
  check_tls: 'check the clock, ca_file, and who answers in place of the registry',
  check_url: 'check the url of this upstream',
  check_host: 'this host must be reachable too',
  check_login: 'check username and password_file',
  needs_login: 'a username and password_file are needed, as it seems',
  set_login: 'set username and password_file',
  allow_host: 'if that host is right, add it to token_hosts',
  allow_private: 'set allow_private = true if that is meant, else mend your DNS',
  limited: 'it limits our requests: wait, or log in',
  trouble: 'the registry has trouble: try again later',
  no_registry: 'is its url that of a registry?',
} as const

export type Sentence = keyof typeof SENTENCES

/** A sentence in English, and which one it is. */
export interface Told {
  readonly text: string
  readonly saying: Saying
}

export function tell<S extends Sentence>(id: S, ...[params]: Filling<(typeof SENTENCES)[S]>): Told {
  const given: Params = params ?? {}
  return { text: fill(SENTENCES[id], given), saying: { id, params: given } }
}

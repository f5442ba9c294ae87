import { type Address, urlOf } from './address.ts'

/** The address of the cache as different clients want it, with or without a pull key in its path. */
export interface Forms {
  /** For clients that add /v2 and the name themselves: "https://cache.example.com/k/…". */
  readonly mirror: string
  /** For k3s, which takes a path as it is: "https://cache.example.com/v2/k/…". */
  readonly endpoint: string
  /** What stands before a name: "cache.example.com/k/…". */
  readonly prefix: string
}

export function formsOf(address: Address, key: string | undefined): Forms {
  const url = urlOf(address)
  if (key === undefined) return { mirror: url, endpoint: url, prefix: address.host }
  return { mirror: `${url}/k/${key}`, endpoint: `${url}/v2/k/${key}`, prefix: `${address.host}/k/${key}` }
}

/** What certificates are wanted and how they are had; as in `[server.acme]`. */
export interface AcmeSettings {
  /** A program on PATH, or an absolute path. */
  readonly lego: string
  readonly email: string | undefined
  /** Lower case and ASCII; empty: nothing is done. */
  readonly domains: readonly string[]
  readonly challenge: 'http-01' | 'dns-01'
  readonly dnsProvider: string | undefined
  readonly dnsEnvFile: string | undefined
  readonly dnsResolvers: readonly string[]
  readonly dnsCheck: boolean
  /** The authority's directory, an https URL. */
  readonly directory: string
}

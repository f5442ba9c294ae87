import type { AcmeSettings } from '../../src/acme/settings.ts'

/** Settings for two names by http-01. */
export function acmeSettings(more: Partial<AcmeSettings> = {}): AcmeSettings {
  return {
    lego: 'lego',
    email: 'ops@example.com',
    domains: ['cache.example', 'docker.cache.example'],
    challenge: 'http-01',
    dnsProvider: undefined,
    dnsEnvFile: undefined,
    dnsResolvers: [],
    dnsCheck: true,
    directory: 'https://127.0.0.1:14000/dir',
    ...more,
  }
}

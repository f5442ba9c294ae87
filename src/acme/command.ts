import type { AcmeSettings } from './settings.ts'

/** The two command lines of lego: until 4.35, and from 5 on. */
export type Generation = 4 | 5

/** issue: whatever there is. renew: the same names again, of a certificate that lego has. */
export type Errand = 'issue' | 'renew'

export interface CommandOptions {
  readonly settings: AcmeSettings
  readonly generation: Generation
  readonly errand: Errand
  /** Where lego keeps account and certificates. */
  readonly path: string
  /** The folder whose .well-known/acme-challenge is served. */
  readonly webroot: string
}

/** lego would find that a certificate is not due by its own rule, which is not ours. */
const ALWAYS_DUE = '36500'

const DOMAIN = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/

/** The arguments that make lego get a certificate. Throws where a value could be taken for a flag. */
export function argumentsFor(options: CommandOptions): string[] {
  const { settings, generation, errand } = options
  const words = [settings.email ?? '', settings.dnsProvider ?? '', ...settings.dnsResolvers]
  const bad =
    settings.domains.find((domain) => !DOMAIN.test(domain)) ?? words.find((word) => word.startsWith('-'))
  if (bad !== undefined) throw new TypeError(`"${bad}" cannot be given to lego`)
  if (!settings.directory.startsWith('https://')) throw new TypeError('the directory must be an https URL')
  const common = [...commonFlags(options), ...challengeFlags(options)]
  if (generation === 5) return ['run', ...common, ...(errand === 'renew' ? ['--renew-force'] : [])]
  return errand === 'issue'
    ? [...common, 'run']
    : // It would wait for minutes where it is not at a terminal; we have waited already.
      [...common, 'renew', '--days', ALWAYS_DUE, '--no-random-sleep']
}

function commonFlags({ settings, generation, path }: CommandOptions): string[] {
  return [
    '--path',
    path,
    '--server',
    settings.directory,
    '--accept-tos',
    '--key-type',
    generation === 5 ? 'EC256' : 'ec256',
    ...(settings.email === undefined ? [] : ['--email', settings.email]),
    ...settings.domains.flatMap((domain) => ['--domains', domain]),
    ...(generation === 5 ? ['--no-random-sleep'] : []),
  ]
}

function challengeFlags({ settings, generation, webroot }: CommandOptions): string[] {
  if (settings.challenge === 'http-01') return ['--http', '--http.webroot', webroot]
  const unchecked =
    generation === 5
      ? ['--dns.propagation.disable-ans', '--dns.propagation.disable-rns']
      : ['--dns.disable-cp']
  return [
    '--dns',
    settings.dnsProvider ?? '',
    ...settings.dnsResolvers.flatMap((resolver) => ['--dns.resolvers', resolver]),
    ...(settings.dnsCheck ? [] : unchecked),
  ]
}

/** Which command line a lego has, by what `lego run --help` said; undefined for another program. */
export function generationOf(help: string): Generation | undefined {
  if (help.includes('--http.address')) return 5
  return help.includes('--run-hook') || help.includes('--must-staple') ? 4 : undefined
}

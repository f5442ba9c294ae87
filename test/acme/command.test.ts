import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { argumentsFor, type Errand, type Generation, generationOf } from '../../src/acme/command.ts'
import type { AcmeSettings } from '../../src/acme/settings.ts'
import { acmeSettings } from './settings.ts'

function command(generation: Generation, errand: Errand, more: Partial<AcmeSettings> = {}): string {
  const settings = acmeSettings(more)
  return argumentsFor({ settings, generation, errand, path: '/p', webroot: '/w' }).join(' ')
}

const NAMES = '--domains cache.example --domains docker.cache.example'
const SERVER = '--path /p --server https://127.0.0.1:14000/dir --accept-tos'
const OLD = `${SERVER} --key-type ec256 --email ops@example.com ${NAMES}`
const NEW = `run ${SERVER} --key-type EC256 --email ops@example.com ${NAMES} --no-random-sleep`
const DNS: Partial<AcmeSettings> = {
  challenge: 'dns-01',
  dnsProvider: 'cloudflare',
  dnsResolvers: ['9.9.9.9:53', '1.1.1.1:53'],
}
const DNS_FLAGS = '--dns cloudflare --dns.resolvers 9.9.9.9:53 --dns.resolvers 1.1.1.1:53'

describe('the command line of lego 4', () => {
  test('has global flags before its command', () => {
    assert.equal(command(4, 'issue'), `${OLD} --http --http.webroot /w run`)
    const renew = 'renew --days 36500 --no-random-sleep'
    assert.equal(command(4, 'renew'), `${OLD} --http --http.webroot /w ${renew}`)
    assert.equal(command(4, 'issue', DNS), `${OLD} ${DNS_FLAGS} run`)
    assert.equal(command(4, 'issue', { ...DNS, dnsCheck: false }), `${OLD} ${DNS_FLAGS} --dns.disable-cp run`)
  })
})

describe('the command line of lego 5', () => {
  test('has one command for both', () => {
    assert.equal(command(5, 'issue'), `${NEW} --http --http.webroot /w`)
    assert.equal(command(5, 'renew'), `${NEW} --http --http.webroot /w --renew-force`)
    const unchecked = '--dns.propagation.disable-ans --dns.propagation.disable-rns'
    assert.equal(command(5, 'issue', { ...DNS, dnsCheck: false }), `${NEW} ${DNS_FLAGS} ${unchecked}`)
  })
})

describe('any command line', () => {
  test('leaves out an email that nobody gave', () => {
    assert.doesNotMatch(command(5, 'issue', { email: undefined }), /email/)
  })

  for (const more of [
    { domains: ['--run-hook=/bin/sh'] },
    { domains: ['-d'] },
    { domains: ['a.example', 'a b.example'] },
    { domains: ['bücher.example'] },
    { email: '--hook' },
    { dnsProvider: '--x', challenge: 'dns-01' },
    { dnsResolvers: ['-x:53'], challenge: 'dns-01' },
    { directory: 'http://ca.example/dir' },
  ] as const) {
    test(`is never made with ${JSON.stringify(more)}`, () => {
      for (const generation of [4, 5] as const)
        assert.throws(() => command(generation, 'issue', more), TypeError)
    })
  }
})

test('the generation is what the help text tells', () => {
  assert.equal(generationOf('OPTIONS:\n --http.address string\n --run-hook'), 5)
  assert.equal(generationOf('OPTIONS:\n   --run-hook value   Define a hook.\n --must-staple'), 4)
  assert.equal(generationOf('lego: command line building blocks'), undefined)
  assert.equal(generationOf(''), undefined)
})

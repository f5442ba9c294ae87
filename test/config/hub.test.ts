import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/config/load.ts'
import { brief, folderOf, load, problemsOf } from './support.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

void test('Docker Hub is searched where it is, unless that is switched off', (t) => {
  const { enabled, upstream } = load(t, '').config.hub
  assert.deepEqual(
    [enabled, upstream?.url, upstream?.name],
    [true, 'https://hub.docker.com', 'hub:docker.io'],
  )
  assert.deepEqual([upstream?.kind, upstream?.redirectHosts, upstream?.allowPrivate], ['files', [], false])
  assert.equal(
    load(t, '[hub]\nurl = "https://hub.example.com/api/"').config.hub.upstream?.url,
    'https://hub.example.com/api',
  )
  assert.deepEqual(load(t, '[hub]\nenabled = false').config.hub, {
    enabled: false,
    registry: 'docker.io',
    upstream: undefined,
  })
  const other = '[[upstream]]\nname = "ghcr.io"\nurl = "https://ghcr.io"'
  assert.deepEqual(load(t, other).config.hub, { enabled: true, registry: undefined, upstream: undefined })
  assert.deepEqual(brief(problemsOf(t, '[hub]\nurl = "hub.docker.com"')).length, 1)
})

void test('it is asked the way its registry is, without its login', (t) => {
  const toml = [
    '[hub]\nurl = "https://hub.example.com"',
    '[[upstream]]\nname = "docker.io"\nurl = "https://registry.example.com"\nca_file = "ca.pem"',
    'proxy = "http://proxy.example.com:3128"\nusername = "me"\npassword_file = "password"\nallow_private = true',
  ].join('\n')
  const folder = folderOf(t, { 'config.toml': toml, 'ca.pem': PEM, password: 'secret-of-mine' })
  const { hub, upstreams } = loadConfig({ file: join(folder, 'config.toml'), env: {} }).config
  assert.equal(upstreams[0]?.password, 'secret-of-mine')
  const { proxy, ca, allowPrivate, username, password, token } = hub.upstream ?? assert.fail()
  assert.deepEqual([proxy, ca, allowPrivate], ['http://proxy.example.com:3128', PEM, true])
  assert.deepEqual([username, password, token], [undefined, undefined, undefined])
})

void test('that a mirror of the registry is private says nothing of Docker Hub', (t) => {
  const mirror = '[[upstream]]\nname = "docker.io"\nurl = "http://10.0.0.7:5000"'
  const { upstreams, hub } = load(t, `${mirror}\n[hub]\nurl = "https://hub.docker.com"`).config
  assert.deepEqual([upstreams[0]?.allowPrivate, hub.upstream?.allowPrivate], [true, false])
  const both = load(t, `${mirror}\n[hub]\nurl = "http://10.0.0.8"`).config.hub
  assert.equal(both.upstream?.allowPrivate, true)
})

void test('where docker.io is a mirror nobody asks Docker Hub, unless its address is written', (t) => {
  const mirror = '[[upstream]]\nname = "docker.io"\nurl = "https://harbor.corp.example"'
  assert.deepEqual(load(t, mirror).config.hub, { enabled: true, registry: 'docker.io', upstream: undefined })
  const written = load(t, `${mirror}\n[hub]\nurl = "https://hub.docker.com"`).config.hub
  assert.equal(written.upstream?.url, 'https://hub.docker.com')
  const env = { CACHALOT_HUB__URL: 'https://hub.docker.com' }
  assert.equal(load(t, mirror, env).config.hub.upstream?.url, 'https://hub.docker.com')
  for (const url of ['https://registry-1.docker.io', 'https://index.docker.io/', 'https://docker.io'])
    assert.equal(
      load(t, `[[upstream]]\nname = "docker.io"\nurl = "${url}"`).config.hub.upstream?.url,
      'https://hub.docker.com',
      url,
    )
})

void test('docker.io may be a further name of an upstream', (t) => {
  const toml =
    '[[upstream]]\nname = "dockerhub"\nurl = "https://registry-1.docker.io"\naliases = ["docker.io"]'
  const { registry, upstream } = load(t, toml).config.hub
  assert.deepEqual([registry, upstream?.url], ['dockerhub', 'https://hub.docker.com'])
})

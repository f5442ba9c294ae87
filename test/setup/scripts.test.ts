import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { parse } from 'smol-toml'
import { SETUP_KINDS, type SetupKind } from '../../src/setup/setup.ts'
import { createMachine, filesOf, readYaml, roundTrip, type Shell, setupOf } from './support.ts'

const SHELLS: readonly Shell[] = ['dash', 'bash', 'busybox']
const URL = 'https://cache.example.com'
const HTTP = 'http://cache.lan:5000'
const SCRIPTED = SETUP_KINDS.filter((kind) => setupOf(kind).apply !== undefined)

const OPTIONS: readonly Parameters<typeof setupOf>[1][] = [
  {},
  { base: HTTP },
  { strict: true },
  { key: 'ck_abc', language: 'zh' },
]

suite('scripts on an empty machine', () => {
  for (const kind of SCRIPTED) {
    for (const shell of SHELLS) {
      test(`${kind} in ${shell}: makes the files that are shown, and takes them away`, async (t) => {
        for (const options of shell === 'dash' ? OPTIONS : OPTIONS.slice(1, 3)) {
          const machine = await createMachine(t, { shell, tools: 'neither' })
          const setup = setupOf(kind, options)
          const made = filesOf(roundTrip(machine, setup))
          const shown = Object.fromEntries(setup.files.map(({ path, content }) => [path, content]))
          assert.deepEqual(made, shown)
        }
      })
    }
  }

  test('clients without a shell have no script, and those of files are told by commands', () => {
    const rest = SETUP_KINDS.filter((kind) => !SCRIPTED.includes(kind))
    const told: readonly SetupKind[] = rest.filter((kind) => setupOf(kind).steps !== undefined)
    assert.deepEqual(told, ['go', 'huggingface', 'github', 'git'])
    assert.deepEqual(
      rest.filter((kind) => !told.includes(kind)),
      ['docker-desktop', 'nas', 'kubernetes'] satisfies SetupKind[],
    )
  })

  test('commands for clients of files are words of a shell, with key and certificate', () => {
    const key = `ck_${'a'.repeat(25)}`
    for (const kind of ['go', 'huggingface', 'github', 'git'] as const) {
      const { steps = [], test: last, notes } = setupOf(kind, { key, ca: '/etc/ca.pem' })
      const lines = [...steps.map(({ text }) => text), last].join('\n')
      assert.ok(lines.includes(`https://cache.example.com/k/${key}/`), kind)
      assert.ok(lines.includes('/etc/ca.pem') || notes.some(({ text }) => text.includes('/etc/ca.pem')), kind)
      assert.ok(
        setupOf(kind, { base: 'http://a.lan', key }).notes.some(({ level }) => level === 'warn'),
        kind,
      )
    }
    const shell = steps(['go', 'git', 'github']).join('\n')
    const { status, stderr } = spawnSync('sh', ['-n', '-c', shell], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(steps(['go'], { strict: true })[0] ?? '', /GOPROXY=https:\/\/cache\.example\.com\/go$/)
  })
})

function steps(kinds: readonly SetupKind[], ask: Parameters<typeof setupOf>[1] = {}): readonly string[] {
  return kinds.flatMap((kind) => setupOf(kind, ask).steps ?? []).map(({ text }) => text)
}

/** What somebody may have: by kind, files, and what has to be true of them afterwards. */
interface Case {
  readonly name: string
  readonly kind: SetupKind
  readonly files: Readonly<Record<string, string>>
  readonly ask?: Parameters<typeof setupOf>[1]
  readonly expect: (files: Readonly<Record<string, string>>) => void
}

const DAEMON = '/etc/docker/daemon.json'
const HUB_HOSTS = '/etc/containerd/certs.d/docker.io/hosts.toml'
const CONTAINERD = '/etc/containerd/config.toml'
const K3S = '/etc/rancher/k3s/registries.yaml'
const CONF = '/etc/containers/registries.conf'
const OURS = '/etc/containers/registries.conf.d/50-cachalot.conf'
const BUILDKIT = '/etc/buildkit/buildkitd.toml'

const json = (files: Readonly<Record<string, string>>, path: string) => JSON.parse(files[path] ?? 'null')
const toml = (files: Readonly<Record<string, string>>, path: string) =>
  JSON.parse(JSON.stringify(parse(files[path] ?? assert.fail(path))))

interface Registries {
  readonly mirrors: Readonly<Record<string, unknown>>
  readonly configs: Readonly<Record<string, unknown>>
}
// Only those two are looked at.
const yaml = (files: Readonly<Record<string, string>>, path: string) =>
  readYaml(files[path] ?? '') as Registries

const CASES: readonly Case[] = [
  {
    name: 'daemon.json with other settings in its own order and style',
    kind: 'docker',
    files: { [DAEMON]: '{"data-root":"/volume1/@docker",\n"log-opts": {"max-size":"10m"},"debug":false}' },
    expect: (files) => {
      assert.deepEqual(json(files, DAEMON), {
        'data-root': '/volume1/@docker',
        'log-opts': { 'max-size': '10m' },
        debug: false,
        'registry-mirrors': [URL],
      })
      assert.deepEqual(Object.keys(json(files, DAEMON)).slice(0, 2), ['data-root', 'log-opts'])
    },
  },
  {
    name: 'daemon.json with other mirrors, which come after ours',
    kind: 'docker',
    ask: { base: HTTP },
    files: {
      [DAEMON]: `{ "registry-mirrors": ["https://other.example/", "http://cache.lan:5000/"],
 "insecure-registries": ["10.0.0.0/8"] }
`,
    },
    expect: (files) =>
      assert.deepEqual(json(files, DAEMON), {
        'registry-mirrors': [HTTP, 'https://other.example/'],
        'insecure-registries': ['10.0.0.0/8', 'cache.lan:5000'],
      }),
  },
  {
    name: 'an empty daemon.json',
    kind: 'docker',
    files: { [DAEMON]: '\n' },
    expect: (files) => assert.deepEqual(json(files, DAEMON), { 'registry-mirrors': [URL] }),
  },
  {
    name: 'a daemon.json that needs nothing',
    kind: 'docker',
    files: { [DAEMON]: `{"registry-mirrors":["${URL}"],   "名字": "ü"}` },
    expect: (files) => assert.equal(files[DAEMON], `{"registry-mirrors":["${URL}"],   "名字": "ü"}`),
  },
  {
    name: 'a hosts.toml with another host, which comes after ours',
    kind: 'containerd',
    files: {
      [HUB_HOSTS]: `# mine
server = "https://registry-1.docker.io"

[host."https://other.example"]
  capabilities = ["pull"]
  [host."https://other.example".header]
    x-a = ["b"]`,
    },
    expect: (files) => {
      const told = toml(files, HUB_HOSTS)
      assert.deepEqual(Object.keys(told['host'] as object), [URL, 'https://other.example'])
      assert.equal(told['server'], 'https://registry-1.docker.io')
    },
  },
  {
    name: 'a hosts.toml that has us already, in other quotes',
    kind: 'nerdctl',
    files: { [HUB_HOSTS]: `[host.'${URL}']\n  capabilities = ["pull"]\n` },
    expect: (files) => assert.equal(files[HUB_HOSTS], `[host.'${URL}']\n  capabilities = ["pull"]\n`),
  },
  {
    name: 'a hosts.toml whose server is not to be asked any more',
    kind: 'nerdctl',
    ask: { strict: true },
    files: { [HUB_HOSTS]: 'server = "https://registry-1.docker.io"\n[host."https://other.example"]\n' },
    expect: (files) => {
      const told = toml(files, HUB_HOSTS)
      assert.equal(told['server'], URL)
      assert.deepEqual(Object.keys(told['host'] as object), [URL, 'https://other.example'])
    },
  },
  {
    name: 'a config.toml of version 2 without a table of registries',
    kind: 'containerd',
    files: {
      [CONTAINERD]:
        'version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    sandbox_image = "x"\n',
    },
    expect: (files) => assert.equal(configPath(files, 'io.containerd.grpc.v1.cri', 'registry'), CERTS),
  },
  {
    name: 'a config.toml as containerd writes it, with an empty config_path',
    kind: 'containerd',
    files: {
      [CONTAINERD]: `version = 2
[plugins."io.containerd.grpc.v1.cri".registry]
      config_path = ""

      [plugins."io.containerd.grpc.v1.cri".registry.mirrors]
[debug]
  level = ""
`,
    },
    expect: (files) => {
      assert.equal(configPath(files, 'io.containerd.grpc.v1.cri', 'registry'), CERTS)
      assert.deepEqual(toml(files, CONTAINERD)['debug'], { level: '' })
    },
  },
  {
    name: 'a config.toml of version 3 in single quotes',
    kind: 'containerd',
    files: {
      [CONTAINERD]: `version = 3
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = ''
[plugins.'io.containerd.cri.v1.images'.other]
  config_path = 'x'
`,
    },
    expect: (files) => {
      assert.equal(configPath(files, 'io.containerd.cri.v1.images', 'registry'), CERTS)
      assert.equal(configPath(files, 'io.containerd.cri.v1.images', 'other'), 'x')
    },
  },
  {
    name: 'a config.toml that looks there already, among others',
    kind: 'containerd',
    files: {
      [CONTAINERD]: `version = 3
[plugins."io.containerd.cri.v1.images".registry]
config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
`,
    },
    expect: (files) => assert.doesNotMatch(files[CONTAINERD] ?? '', /cachalot/),
  },
  {
    name: 'a config.toml without Kubernetes, as Docker ships it',
    kind: 'containerd',
    files: { [CONTAINERD]: '#root = "/x"\ndisabled_plugins = ["cri"]\n' },
    expect: (files) => assert.equal(files[CONTAINERD], '#root = "/x"\ndisabled_plugins = ["cri"]\n'),
  },
  {
    name: 'registries.yaml with another registry and remarks',
    kind: 'k3s',
    files: {
      [K3S]: `# mine
---
mirrors: # of ours
    quay.io:
        endpoint:
            - "https://q.example"
configs: {}
`,
    },
    expect: (files) => {
      assert.match(files[K3S] ?? '', /^# mine\n---\nmirrors: # of ours\n# cachalot: begin\n {4}"docker.io":/)
      assert.deepEqual(Object.keys(yaml(files, K3S).mirrors), ['docker.io', 'ghcr.io', 'quay.io'])
      assert.deepEqual(yaml(files, K3S).mirrors['quay.io'], { endpoint: ['https://q.example'] })
    },
  },
  {
    name: 'registries.yaml with the same registry, as a list and in one line',
    kind: 'k3s',
    files: {
      [K3S]: `mirrors:
  docker.io:
    endpoint:
    - https://other.example
  "ghcr.io": {endpoint: ["https://g.example"]}
`,
    },
    expect: (files) => {
      assert.deepEqual(yaml(files, K3S).mirrors, {
        'docker.io': { endpoint: [URL, 'https://other.example'] },
        'ghcr.io': { endpoint: [URL, 'https://g.example'] },
      })
    },
  },
  {
    name: 'registries.yaml that only has configs',
    kind: 'k3s',
    files: { [K3S]: 'configs:\n  other.example:\n    auth: {username: a}' },
    expect: (files) => {
      const told = yaml(files, K3S)
      assert.deepEqual(told.configs, { 'other.example': { auth: { username: 'a' } } })
      assert.deepEqual(Object.keys(told.mirrors), ['docker.io', 'ghcr.io'])
    },
  },
  {
    name: 'the folder of RKE2',
    kind: 'k3s',
    files: { '/etc/rancher/rke2/config.yaml': 'token: x\n' },
    expect: (files) => {
      assert.ok('/etc/rancher/rke2/registries.yaml' in files)
      assert.ok(!(K3S in files))
    },
  },
  {
    name: 'registries.conf that speaks of other things only',
    kind: 'podman',
    files: {
      [CONF]: 'unqualified-search-registries = ["docker.io"]\n\n[[registry]]\nlocation = "quay.io"\n',
    },
    expect: (files) => {
      assert.doesNotMatch(files[CONF] ?? '', /cachalot/)
      assert.equal((toml(files, OURS)['registry'] as unknown[]).length, 2)
    },
  },
  {
    name: 'registries.conf with a mirror of Docker Hub, which comes after ours',
    kind: 'podman',
    ask: { base: HTTP },
    files: {
      [CONF]: `short-name-mode = "permissive"
[[registry]]
location = "docker.io"

[[registry.mirror]]
location = "other.example"

[[registry]]
prefix = "quay.io"
location = "q.example"
`,
    },
    expect: (files) => {
      const [first, second] = toml(files, CONF)['registry'] as { location: string; mirror: unknown[] }[]
      assert.deepEqual(first?.mirror, [
        { location: 'cache.lan:5000/docker.io', insecure: true },
        { location: 'other.example' },
      ])
      assert.equal(second?.location, 'q.example')
      const ours = toml(files, OURS)['registry'] as { prefix: string; location: string }[]
      assert.deepEqual(
        ours.map((one) => one.prefix ?? one.location),
        ['ghcr.io', 'cache.lan:5000'],
      )
    },
  },
  {
    name: 'a drop-in with a registry and no mirror yet',
    kind: 'crio',
    files: {
      '/etc/containers/registries.conf.d/10-mine.conf':
        "[[registry]]\nprefix = 'ghcr.io'\nlocation = 'ghcr.io' # itself\n",
    },
    expect: (files) => {
      const [only] = toml(files, '/etc/containers/registries.conf.d/10-mine.conf')['registry'] as {
        mirror: unknown[]
      }[]
      assert.deepEqual(only?.mirror, [{ location: 'cache.example.com/ghcr.io' }])
    },
  },
  {
    name: 'buildkitd.toml with mirrors, in one line and over several',
    kind: 'buildkit',
    ask: { base: HTTP },
    files: {
      [BUILDKIT]: `debug = true
[registry."docker.io"]
  mirrors = ["other.example"] # mine
[registry.'ghcr.io']
  mirrors = [
    "one.example",
    "two.example",
  ]
[registry."cache.lan:5000"]
  http = false
[worker.oci]
  enabled = true
`,
    },
    expect: (files) => {
      const told = toml(files, BUILDKIT) as unknown as Record<string, Record<string, unknown>>
      assert.deepEqual(told['registry'], {
        'docker.io': { mirrors: ['cache.lan:5000', 'other.example'] },
        'ghcr.io': { mirrors: ['cache.lan:5000', 'one.example', 'two.example'] },
        'cache.lan:5000': { http: true },
      })
      assert.deepEqual(told['worker'], { oci: { enabled: true } })
    },
  },
  {
    name: 'buildkitd.toml that has all of it',
    kind: 'buildkit',
    files: {
      [BUILDKIT]: `[registry."docker.io"]
mirrors = ["a", "cache.example.com"]
[registry."ghcr.io"]
mirrors = [
  "cache.example.com"
]`,
    },
    expect: (files) => assert.doesNotMatch(files[BUILDKIT] ?? '', /cachalot/),
  },
]

const CERTS = '/etc/containerd/certs.d'

function configPath(files: Readonly<Record<string, string>>, plugin: string, table: string): unknown {
  const { plugins } = toml(files, CONTAINERD) as unknown as {
    plugins: Record<string, Record<string, { config_path: unknown }>>
  }
  return plugins[plugin]?.[table]?.config_path
}

suite('scripts on a machine that has been set up before', () => {
  for (const { name, kind, files, ask, expect } of CASES) {
    for (const shell of SHELLS) {
      test(`${kind} in ${shell}: ${name}`, async (t) => {
        const machine = await createMachine(t, { shell, tools: shell === 'bash' ? 'python3' : 'jq' })
        for (const [path, content] of Object.entries(files)) machine.write(path, content, 0o640)
        expect(filesOf(roundTrip(machine, setupOf(kind, ask))))
      })
    }
  }

  test('a link stays a link, and what it leads to is changed and given back', async (t) => {
    const machine = await createMachine(t)
    machine.write('/srv/daemon.json', '{"debug": true}\n')
    machine.write('/etc/docker/key.json', '{}')
    symlinkSync('../../srv/daemon.json', join(machine.root, DAEMON))
    const applied = roundTrip(machine, setupOf('docker'))
    assert.equal(applied['etc/docker/daemon.json'], '-> ../../srv/daemon.json')
    assert.match(applied['srv/daemon.json'] ?? '', /cache\.example\.com/)
  })
})

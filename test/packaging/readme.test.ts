import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseAllDocuments, parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { loadConfig } from '../../src/config/load.ts'
import { findBinary, missing } from '../clients/process.ts'
import { tempDir } from '../support/temp.ts'
import { blocksOf, READMES } from './readme.ts'

const ROOT = join(import.meta.dirname, '..', '..')
/** Seconds that a stop may take: answers get 30. */
const GRACE = 30

const UNIT = /^\[Service\]$/m
const MANIFEST = /^kind: StatefulSet$/m

/** The one block of its kind. */
function only(blocks: readonly string[], what: string): string {
  assert.equal(blocks.length, 1, what)
  return blocks[0] ?? ''
}

for (const readme of READMES) {
  void test(`${readme}: systemd takes the unit as it stands there`, {
    skip: missing('systemd-analyze'),
  }, async (t) => {
    const unit = only(blocksOf(readme, 'ini', UNIT), 'a unit')
    const file = join(await tempDir(t), 'cachalot.service')
    // Where the program lies on this machine.
    await writeFile(file, unit.replaceAll('/opt/cachalot/', `${ROOT}/`))
    await chmod(file, 0o644)
    const analyze = (...words: string[]) => {
      const { status, stdout, stderr } = spawnSync(findBinary('systemd-analyze') ?? '', words, {
        encoding: 'utf8',
      })
      return { status, said: (stdout + stderr).trim() }
    }
    assert.deepEqual(analyze('verify', '--man=no', file), { status: 0, said: '' })
    const { said } = analyze('security', '--offline=true', '--no-pager', file)
    const [, exposure] = /Overall exposure level for cachalot\.service: ([\d.]+)/.exec(said) ?? []
    t.diagnostic(`exposure ${exposure}`)
    assert.ok(Number(exposure) < 2.5, said)
  })

  void test(`${readme}: the unit gives running answers their time`, () => {
    const unit = only(blocksOf(readme, 'ini', UNIT), 'a unit')
    const values = new Map(
      unit.split('\n').flatMap((line) => {
        const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? []
        return key === '' ? [] : [[key, value] as const]
      }),
    )
    assert.ok(Number(values.get('TimeoutStopSec')) > GRACE)
    assert.equal(values.get('KillSignal'), 'SIGTERM')
    assert.equal(values.get('ProtectSystem'), 'strict')
    const state = `/var/lib/${values.get('StateDirectory')}`
    assert.ok(values.get('Environment')?.includes(`CACHALOT_STORAGE__PATH=${state}`))
  })

  void test(`${readme}: the manifest of Kubernetes fits together, and its configuration is one`, async (t) => {
    const { config, service, set } = readManifest(only(blocksOf(readme, 'yaml', MANIFEST), 'a manifest'))
    const { spec } = set.spec.template
    const [container] = spec.containers
    assert.ok(container)
    assert.deepEqual(service.spec.selector, set.spec.selector.matchLabels)
    assert.deepEqual(set.spec.template.metadata.labels, set.spec.selector.matchLabels)
    assert.equal(set.spec.serviceName, service.metadata.name)
    assert.equal(set.spec.replicas, 1)
    assert.ok(spec.terminationGracePeriodSeconds > GRACE)
    const ports = container.ports.map(({ name }) => name)
    for (const { targetPort } of service.spec.ports) assert.ok(ports.includes(targetPort))
    for (const { httpGet } of [container.readinessProbe, container.livenessProbe])
      assert.ok(ports.includes(httpGet.port))
    assert.deepEqual(
      [container.readinessProbe.httpGet.path, container.livenessProbe.httpGet.path],
      ['/readyz', '/healthz'],
    )
    const volumes = [...spec.volumes, ...set.spec.volumeClaimTemplates.map(({ metadata }) => metadata)]
    assert.deepEqual(
      container.volumeMounts.map(({ name }) => name).toSorted(),
      volumes.map(({ name }) => name).toSorted(),
    )
    assert.equal(spec.volumes[0]?.configMap.name, config.metadata.name)
    const mount = container.volumeMounts.find(({ name }) => name === spec.volumes[0]?.name)
    assert.deepEqual(container.args, ['serve', '--config', `${mount?.mountPath}/config.toml`])
    const file = join(await tempDir(t), 'config.toml')
    await writeFile(file, config.data['config.toml'])
    const { config: loaded, warnings } = loadConfig({ file, env: { CACHALOT_STORAGE__PATH: '/data' } })
    assert.deepEqual(warnings, [])
    assert.equal(loaded.server.listen.port, container.ports[0]?.containerPort)
    const room = /^(\d+)Gi$/.exec(set.spec.volumeClaimTemplates[0]?.spec.resources.requests.storage ?? '')
    assert.ok(loaded.storage.maxSize < Number(room?.[1]) * 1024 ** 3)
  })
}

void test('both languages show the same manifest, and but for comments the same unit', () => {
  const bare = (text: string) => text.replaceAll(/^#.*\n/gm, '')
  const [english = [], chinese = []] = READMES.map((readme) =>
    [...blocksOf(readme, 'ini', UNIT), ...blocksOf(readme, 'yaml', MANIFEST)].map(bare),
  )
  assert.equal(english.length, 2)
  assert.deepEqual(chinese, english)
})

void test('docker-compose.yml gives running answers their time, and nothing it does not need', async () => {
  const service = z.object({
    stop_grace_period: z.string(),
    read_only: z.literal(true),
    cap_drop: z.tuple([z.literal('ALL')]),
    security_opt: z.tuple([z.literal('no-new-privileges:true')]),
    volumes: z.array(z.string()),
  })
  const text = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8')
  const { cachalot } = z.object({ services: z.object({ cachalot: service }) }).parse(parseYaml(text)).services
  assert.ok(Number.parseInt(cachalot.stop_grace_period) > GRACE)
  assert.ok(cachalot.volumes.includes('cachalot:/data'))
})

void test('the image says which version it is, and its first line of work is the shipped one', async () => {
  const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8')
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')))
  assert.ok(dockerfile.includes(`org.opencontainers.image.version="${version}"`))
})

const named = z.object({ name: z.string() })
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) })
const containerShape = z.object({
  args: z.array(z.string()),
  ports: z.array(named.extend({ containerPort: z.number() })).length(1),
  readinessProbe: probe,
  livenessProbe: probe,
  resources: z.object({
    requests: z.object({ memory: z.string() }),
    limits: z.object({ memory: z.string() }),
  }),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
  volumeMounts: z.array(named.extend({ mountPath: z.string() })),
})
const podShape = z.object({
  terminationGracePeriodSeconds: z.number(),
  securityContext: z.object({
    runAsNonRoot: z.literal(true),
    runAsUser: z.literal(1000),
    fsGroup: z.literal(1000),
  }),
  containers: z.array(containerShape).length(1),
  volumes: z.array(named.extend({ configMap: named })).length(1),
})
const labels = z.object({ app: z.string() })
const claimShape = z.object({
  metadata: named,
  spec: z.object({ resources: z.object({ requests: z.object({ storage: z.string() }) }) }),
})
const configShape = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('ConfigMap'),
  metadata: named,
  data: z.object({ 'config.toml': z.string() }),
})
const serviceShape = z.object({
  apiVersion: z.literal('v1'),
  kind: z.literal('Service'),
  metadata: named,
  spec: z.object({ selector: labels, ports: z.array(z.object({ targetPort: z.string() })) }),
})
const setShape = z.object({
  apiVersion: z.literal('apps/v1'),
  kind: z.literal('StatefulSet'),
  metadata: named,
  spec: z.object({
    replicas: z.number(),
    serviceName: z.string(),
    selector: z.object({ matchLabels: labels }),
    template: z.object({ metadata: z.object({ labels }), spec: podShape }),
    volumeClaimTemplates: z.array(claimShape).length(1),
  }),
})

/** Throws where a field that this test relies on is missing, or a document is no YAML. */
function readManifest(text: string) {
  const documents = parseAllDocuments(text)
  const values = documents.map((one): unknown => {
    assert.deepEqual(one.errors, [])
    return one.toJS()
  })
  const [config, service, set] = z.tuple([configShape, serviceShape, setShape]).parse(values)
  return { config, service, set }
}

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { eventually } from '../e2e/support.ts'
import { startPair } from '../support/cachalot.ts'
import { fetchAll } from '../support/http.ts'
import { freePort } from '../support/ports.ts'

import { tempDir } from '../support/temp.ts'
import { missing, startDaemon } from './process.ts'

interface Found {
  readonly data?: { readonly result?: readonly { readonly value: readonly [number, string] }[] }
}

test('Prometheus reads it and knows the rules', { skip: missing('prometheus') }, async (t) => {
  const { hub, cache } = await startPair(t)
  hub.addImage('library/app', { tags: ['1'] })
  await cache.fetch('/v2/library/app/manifests/1')
  const folder = await tempDir(t)
  const port = await freePort()
  const rules = join(import.meta.dirname, '..', '..', 'src', 'metrics', 'alerts.yml')
  const file = join(folder, 'prometheus.yml')
  await writeFile(
    file,
    `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${JSON.stringify(rules)}]
scrape_configs:
  - job_name: cachalot
    static_configs: [{ targets: [${JSON.stringify(new URL(cache.url).host)}] }]
`,
  )
  const daemon = startDaemon('prometheus', [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ])
  t.after(() => daemon.stop())
  const valueOf = async (query: string): Promise<string | undefined> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`
    const { status, body } = await fetchAll(url)
    if (status !== 200) return undefined
    // What Prometheus documents for queries.
    const { data } = JSON.parse(body.toString()) as Found
    return data?.result?.[0]?.value[1]
  }
  await eventually(
    `it is up: ${daemon.log().slice(-500)}`,
    async () => (await valueOf('up{job="cachalot"}')) === '1',
    60_000,
  )
  await eventually(
    'its numbers are there',
    async () => (await valueOf('cachalot_requests_total{outcome="miss"}')) === '1',
    60_000,
  )
  await eventually(
    'rules are evaluated',
    async () => {
      const { body } = await fetchAll(`http://127.0.0.1:${port}/api/v1/rules`)
      const text = body.toString()
      return (
        text.includes('CachalotUpstreamRests') &&
        !text.includes('"health":"err"') &&
        text.includes('"health":"ok"')
      )
    },
    60_000,
  )
})

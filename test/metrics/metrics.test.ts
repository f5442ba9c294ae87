import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { missing, run } from '../clients/process.ts'
import { SOURCES } from './support.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'src', 'metrics')

async function rendered(): Promise<string> {
  const metrics = createMetrics()
  metrics.readFrom(SOURCES)
  metrics.meter.answered('docker.io', 30)
  metrics.meter.failed('quay.io', 'upstream_timeout')
  await metrics.render()
  const { type, text } = await metrics.render()
  assert.match(type, /^text\/plain; version=0\.0\.4/)
  return text
}

const LINES = [
  'cachalot_requests_total{front_end="oci",upstream="docker.io",outcome="hit"} 90',
  'cachalot_sent_bytes_total{front_end="oci",upstream="docker.io",outcome="bypass"} 50',
  'cachalot_fetched_bytes_total{front_end="oci",upstream="docker.io"} 1050',
  'cachalot_hit_ratio{of="requests"} 0.9',
  'cachalot_flights 2',
  'cachalot_flight_readers 5',
  'cachalot_upstream_seconds_bucket{le="0.025",upstream="docker.io"} 0',
  'cachalot_upstream_seconds_bucket{le="0.05",upstream="docker.io"} 1',
  'cachalot_upstream_errors_total{upstream="quay.io",code="upstream_timeout"} 1',
  'cachalot_upstream_breaker{upstream="docker.io"} 0',
  'cachalot_upstream_breaker{upstream="quay.io"} 2',
  'cachalot_upstream_limit_remaining{upstream="docker.io"} 7',
  'cachalot_disk_used_bytes 100',
  'cachalot_disk_limit_bytes 1000',
  'cachalot_store_bytes{upstream="docker.io"} 80',
  'cachalot_store_limit_bytes{upstream="docker.io"} 500',
  'cachalot_evicted_bytes_total{reason="room"} 300',
  'cachalot_evicted_objects_total{reason="room"} 3',
  'cachalot_job_running{name="gc"} 1',
  'cachalot_job_last_seconds{name="gc"} 3',
  'cachalot_job_last_failed{name="scrub"} 1',
  'cachalot_job_runs_total{name="gc",outcome="ok"} 2',
]

test('everything that sources say is there, and no more often the second time', async () => {
  const lines = (await rendered()).split('\n')
  for (const line of LINES) assert.equal(lines.filter((one) => one === line).length, 1, line)
  assert.ok(!lines.some((line) => line.startsWith('cachalot_hit_ratio{of="bytes"}')))
  assert.ok(lines.some((line) => line.startsWith('nodejs_eventloop_lag_p99_seconds')))
})

test('dashboard and alerts ask for metrics that exist', async () => {
  const text = await rendered()
  for (const file of ['grafana-dashboard.json', 'alerts.yml']) {
    const asked = await readFile(join(FOLDER, file), 'utf8')
    const names = new Set(asked.match(/\b(?:cachalot|nodejs|process)_\w+/g))
    assert.ok(names.size > 5)
    for (const name of names) assert.ok(text.includes(`\n${name}{`) || text.includes(`\n${name} `), name)
  }
  const dashboard: unknown = JSON.parse(await readFile(join(FOLDER, 'grafana-dashboard.json'), 'utf8'))
  assert.ok(typeof dashboard === 'object' && dashboard !== null && 'panels' in dashboard)
})

test("Prometheus' own checks find nothing", { skip: missing('promtool') }, async () => {
  await run('promtool', ['check', 'metrics'], { input: Buffer.from(await rendered()) })
  await run('promtool', ['check', 'rules', join(FOLDER, 'alerts.yml')])
})

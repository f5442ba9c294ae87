import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { promisify } from 'node:util'
import { tempDir } from '../support/temp.ts'
import { type Report, readReport } from './report.ts'
import { installed } from './subjects.ts'
import { WORKLOADS } from './workloads/all.ts'

const RUN = join(import.meta.dirname, 'run.ts')
const NO_NETWORK = join(import.meta.dirname, '../support/no-network.ts')
const run = promisify(execFile)

/** Rows that nobody promised a value for where a program is not installed; npm test installs what it can. */
const NEEDED: Readonly<Record<string, string>> = {
  'manifest-head': 'cc',
  'manifest-head-p99': 'cc',
  'go-info': 'wrk',
  'go-mod': 'wrk',
  'go-download': 'go',
  'model-download': 'curl',
  'scale-rate': 'wrk',
}

const NO_COMPILER = installed('cc') ? false : 'no C compiler here'

for (const program of ['sink', 'heads']) {
  void test(`${program}.c compiles without a warning`, { skip: NO_COMPILER }, async (t) => {
    const source = join(import.meta.dirname, `${program}.c`)
    const to = join(await tempDir(t), program)
    await run('cc', ['-O2', '-Wall', '-Werror', '-pthread', '-o', to, source])
  })
}

function canMeasure(row: string): boolean {
  const program = NEEDED[row]
  return program === undefined || installed(program)
}

suite('the benchmark', () => {
  test('measures every row of every workload, at the least load, and writes it down', async (t) => {
    const folder = await tempDir(t)
    const json = join(folder, 'results.json')
    const args = [RUN, '--tiny', '--scale', '--subjects', 'cachalot', '--folder', folder, '--json', json]
    // Its children inherit it: nothing of it leaves this machine.
    const env = { ...process.env, NODE_OPTIONS: `--import=${NO_NETWORK}` }
    const { stdout } = await run(process.execPath, args, { env, timeout: 900_000 })
    const report: Report = readReport(json)
    const played = WORKLOADS.filter(({ needs = [] }) => needs.every(installed))
    for (const row of played.flatMap(({ rows }) => rows).filter(({ id }) => canMeasure(id))) {
      const found = report.rows.find(({ id }) => id === row.id)
      const median = found?.series.cachalot?.median
      assert.ok(Number.isFinite(median), `${row.id} has no value: ${JSON.stringify(report.left)}`)
      assert.ok(stdout.includes(row.title), `${row.title} is not in the table`)
    }
    await t.test('of which the tables of the READMEs are made', async () => {
      const { stdout: tables } = await run(process.execPath, [RUN, '--markdown', json])
      assert.match(tables, /^\| what \| Cachalot \| docker-registry \| nginx \|$/m)
      assert.match(tables, /^\| 内存：[^|]*\| \d+ \/ \d+ \/ \d+ MiB \| - \| - \|$/m)
      assert.match(tables, /not to be published/)
    })
  })

  test('says what it does not know', async () => {
    const failure = await run(process.execPath, [RUN, '--only', 'nothing']).catch((error: unknown) => error)
    assert.ok(failure instanceof Error && 'code' in failure && 'stderr' in failure)
    assert.equal(failure.code, 2)
    assert.match(String(failure.stderr), /--only nothing: there are warm,tls,/)
  })
})

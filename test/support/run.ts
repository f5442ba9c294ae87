import { execFileSync, spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { prepareClients } from '../clients/prepare.ts'
import { prepareHfPython } from '../clients/prepare-python.ts'

/**
 * `npm test` and its parts: one run of `node --test` over every test file, so that its closing lines count them
 * all. The console is built first where it is not. `--fast` leaves the real clients out, a folder name runs that folder alone.
 */
const ROOT = join(import.meta.dirname, '..', '..')
const [part] = process.argv.slice(2)
/** Real clients, an image that is built, and the checks that a commit runs by itself. */
const SLOW = [
  'test/clients/',
  'test/packaging/image.test.ts',
  'test/bench/bench.test.ts',
  'test/docs/walk.test.ts',
  'test/checks.test.ts',
]
const files = globSync('test/**/*.test.ts', { cwd: ROOT })
  .filter((file) => belongs(file))
  .sort()

const missing = part === '--fast' ? [] : prepareClients()
const withClients = part === undefined || part === 'clients'
const python = withClients ? prepareHfPython() : undefined
if (withClients && python === undefined) missing.push('huggingface_hub of Python')
if (missing.length > 0) console.log(`not on this machine, so their tests are skipped: ${missing.join(', ')}`)
execFileSync(process.execPath, [join(ROOT, 'ui/build.ts'), '--if-stale'], { stdio: 'inherit' })
const run = spawn(
  process.execPath,
  ['--test', '--test-concurrency=2', '--import', './test/support/no-network.ts', ...files],
  { cwd: ROOT, stdio: 'inherit', env: environment() },
)
run.on('exit', (code, signal) => {
  process.exitCode = signal === null ? (code ?? 1) : 1
})

/** In continuous integration a client that is missing on a machine that could install it is a failure. */
function environment(): NodeJS.ProcessEnv {
  const mustHave = process.env['CI'] === 'true' && process.getuid?.() === 0
  const short = part === '--fast' ? { RACE_SECONDS: '10' } : {}
  const hub = python === undefined ? {} : { HF_PYTHON: python }
  return { ...short, ...process.env, ...hub, ...(mustHave ? { REQUIRE_CLIENTS: '1' } : {}) }
}

function belongs(file: string): boolean {
  if (part === '--fast') return !SLOW.some((slow) => file.startsWith(slow))
  return part === undefined || file.startsWith(`test/${part}/`)
}

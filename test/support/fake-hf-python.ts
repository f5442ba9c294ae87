import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { HF_PYTHON_HOME } from '../clients/prepare-python.ts'
import { CLIENTS_REQUIRED, findBinary } from '../clients/process.ts'
import { type Cleanup, tempDir } from './temp.ts'

export interface PythonRun {
  /** null where it took too long. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** A Python with huggingface_hub and a home of its own. */
export interface HfPython {
  readonly home: string
  /** Runs a script whose prints are in `out`. */
  run(script: string): Promise<PythonRun>
}

const OWN = join(HF_PYTHON_HOME, 'bin', 'python')
const PYTHON = process.env['HF_PYTHON'] ?? (existsSync(OWN) ? OWN : (findBinary('python3') ?? 'python3'))

/** Why tests with it are skipped; false where it is installed. Only Debian's packages can be demanded everywhere. */
export function missingHfPython(): string | false {
  const { status } = spawnSync(PYTHON, ['-c', 'import huggingface_hub'], { stdio: 'ignore' })
  const isThere = status === 0
  if (!isThere && CLIENTS_REQUIRED && process.env['HF_PYTHON'] !== undefined)
    throw new Error(`${PYTHON} has no huggingface_hub`)
  return isThere ? false : 'huggingface_hub is not installed'
}

/** What would leave this machine meets nobody. */
const DEAD_PROXY = 'http://127.0.0.1:9'

export async function openHfPython(
  t: Cleanup,
  endpoint: string,
  env: Readonly<Record<string, string>> = {},
): Promise<HfPython> {
  const home = await tempDir(t)
  const all = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    HF_HOME: join(home, 'hf'),
    HF_ENDPOINT: endpoint,
    HF_HUB_DISABLE_TELEMETRY: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    HTTP_PROXY: DEAD_PROXY,
    HTTPS_PROXY: DEAD_PROXY,
    NO_PROXY: '127.0.0.1,localhost',
    ...env,
  }
  const start = (script: string) => spawn(PYTHON, ['-c', script], { cwd: home, env: all, timeout: 120_000 })
  const ended = async (child: ReturnType<typeof start>): Promise<PythonRun> => {
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    const [out, err, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), closed])
    return { code, out, err }
  }
  return {
    home,
    run: (script) => ended(start(script)),
  }
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += String(chunk)
  return text
}

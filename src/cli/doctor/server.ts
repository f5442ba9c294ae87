import type { LoadedConfig } from '../../config/load.ts'
import { renderProblem } from '../../config/problem.ts'
import { timed } from '../../probe/finding.ts'
import { counted } from '../cells.ts'
import { healthUrl, statusOf } from '../commands/healthcheck.ts'
import { type Check, here } from './check.ts'

/** Whether the configuration has no warnings and its server answers. */
export async function checkServer(loaded: LoadedConfig): Promise<Check[]> {
  return [...checkSettings(loaded), await checkHealth(healthUrl(loaded.config))]
}

function checkSettings({ file, fileExists, warnings, config }: LoadedConfig): Check[] {
  const name = 'configuration'
  const source = fileExists ? file : 'no file, all defaults'
  if (warnings.length === 0)
    return [here({ name, state: 'ok', detail: `${source}, ${counted(config.upstreams.length, 'upstream')}` })]
  return warnings.map((warning) =>
    here({ name, state: 'warn', detail: renderProblem(warning), advice: 'cachalot config check' }),
  )
}

async function checkHealth(url: string): Promise<Check> {
  const name = 'server'
  try {
    const { value, ms } = await timed(() => statusOf(url))
    if (value === 200) return here({ name, state: 'ok', detail: `${url} is well`, ms })
    return here({ name, state: 'fail', detail: `${url} answers ${value}`, advice: 'see its log', ms })
  } catch {
    // Commands work without one, so this is worth knowing and no failure.
    return here({ name, state: 'warn', detail: `nobody answers at ${url}`, advice: 'cachalot serve' })
  }
}

import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The parts of a .cpuprofile that are used here. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

/** The functions that took most time themselves, over all profiles in `folder`, as lines of text. */
export function hottestFunctions(folder: string, count = 25): string[] {
  const times = new Map<string, number>()
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.cpuprofile'))) {
    // Written by Node in this fixed format.
    addSelfTimes(times, JSON.parse(readFileSync(join(folder, name), 'utf8')) as CpuProfile)
  }
  times.delete('(idle)')
  const total = [...times.values()].reduce((sum, time) => sum + time, 0)
  const sorted = [...times].sort(([, a], [, b]) => b - a).slice(0, count)
  return sorted.map(([name, time]) => {
    const share = ((time / total) * 100).toFixed(1).padStart(5)
    return `${share} %  ${(time / 1000).toFixed(0).padStart(7)} ms  ${name}`
  })
}

function addSelfTimes(times: Map<string, number>, { nodes, samples, timeDeltas }: CpuProfile): void {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
  for (const [i, id] of samples.entries()) {
    const name = names.get(id) ?? '?'
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[i] ?? 0))
  }
}

function nameOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  if (url === '') return name
  const file = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url
  return `${name}  ${file}:${lineNumber + 1}`
}

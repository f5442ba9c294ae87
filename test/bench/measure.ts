import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Linux counts processor time in hundredths of a second whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100

interface ProcessLine {
  readonly pid: number
  readonly parent: number
  readonly ticks: number
}

/** Processor seconds used so far by a process and all its descendants, in user and kernel. */
export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, line) => sum + line.ticks, 0) / TICKS_PER_SECOND
}

/** Highest resident memory, in bytes, since `resetPeak`, summed over the process tree. */
export function peakResident(root: number): number {
  return tree(root).reduce((sum, { pid }) => sum + highWater(pid), 0)
}

/** Makes the present resident memory the new peak. */
export function resetPeak(root: number): void {
  for (const { pid } of tree(root)) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

function highWater(pid: number): number {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib ?? 0) * 1024
}

function tree(root: number): ProcessLine[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const lines = all.map((name) => readLine(Number(name))).filter((line) => line !== undefined)
  const members = new Set([root])
  for (let size = 0; size !== members.size; ) {
    size = members.size
    for (const line of lines) if (members.has(line.parent)) members.add(line.pid)
  }
  return lines.filter((line) => members.has(line.pid))
}

function readLine(pid: number): ProcessLine | undefined {
  try {
    // The name in parentheses may hold spaces; what follows it is fixed: state, parent, … utime, stime.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const ended = Number(fields[13]) + Number(fields[14])
    return { pid, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) + ended }
  } catch {
    // It ended between the listing and the look.
    return undefined
  }
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  const upper = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2
}

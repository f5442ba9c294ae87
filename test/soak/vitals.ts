import { readdir, readFile, readlink } from 'node:fs/promises'
import { fetchAll } from '../support/http.ts'

/** How a server is at one moment. Bytes. */
export interface Vitals {
  readonly resident: number
  /** What the program holds, garbage that is not yet collected included. */
  readonly heap: number
  readonly descriptors: number
  /** Of these, files of the data folder that are content. */
  readonly contentFiles: number
  readonly flights: number
  readonly readers: number
  readonly reserved: number
}

/** Reads them from the kernel and from the metrics. */
export async function readVitals(url: string, pid: number, dataDir: string): Promise<Vitals> {
  const text = (await fetchAll(`${url}/metrics`)).body.toString()
  const valueOf = (name: string): number => {
    const found = new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Error(`there is no ${name} in the metrics`)
    return Number(found)
  }
  const links = await openFiles(pid)
  return {
    resident: await residentOf(pid),
    heap: valueOf('nodejs_heap_size_used_bytes') + valueOf('nodejs_external_memory_bytes'),
    descriptors: links.length,
    contentFiles: links.filter((link) => /^\/(?:blobs|parts|trash)\//.test(link.replace(dataDir, ''))).length,
    flights: valueOf('cachalot_flights'),
    readers: valueOf('cachalot_flight_readers'),
    reserved: valueOf('cachalot_disk_reserved_bytes'),
  }
}

export async function residentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
}

async function openFiles(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`)
  return await Promise.all(names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => '')))
}

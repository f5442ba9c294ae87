import type { EntryKey } from '../../domain/names.ts'
import type { Keeper } from '../keeper.ts'
import { type ModuleResource, moduleKey } from './wants.ts'

/** One file of a version that has a line in go.sum. */
export interface Summed {
  readonly module: string
  readonly version: string
  readonly suffix: 'mod' | 'zip'
}

/** The line of go.sum that a file has; undefined for what has none. */
export function summedOf(resource: ModuleResource): Summed | undefined {
  if (resource.kind !== 'file' || resource.suffix === 'info') return undefined
  const { module, version, suffix } = resource
  return { module, version, suffix }
}

/** The hashes of versions as they were when each was fetched first. */
export interface Book {
  find(file: Summed): Promise<string | undefined>
  write(file: Summed, h1: string): Promise<void>
  /** The file was asked for: its hash stays at least as long. */
  used(file: Summed): void
}

/** They lie beside what they are of, under names that no client asks for. */
export function createBook(keeper: Keeper): Book {
  const keyOf = ({ module, version, suffix }: Summed): EntryKey =>
    moduleKey(module, `@v/${version}.${suffix}hash`)
  return {
    find: async (file) => (await keeper.find(keyOf(file)))?.trim(),
    write: (file, h1) => keeper.keep(keyOf(file), `${h1}\n`),
    used: (file) => keeper.used(keyOf(file)),
  }
}

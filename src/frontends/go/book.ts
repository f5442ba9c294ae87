import type { EntryKey } from '../../domain/names.ts'
import { moduleKey } from './wants.ts'

/** Small texts that are made here and kept in the index like what came from upstreams. */
export interface Keeper {
  /** Undefined when there is none, or its bytes are gone. */
  find(key: EntryKey): Promise<string | undefined>
  /** Does nothing where the disk refuses. */
  keep(key: EntryKey, text: string): Promise<void>
}

/** One file of a version that has a line in go.sum. */
export interface Summed {
  readonly module: string
  readonly version: string
  readonly suffix: 'mod' | 'zip'
}

/** The hashes of versions as they were when each was fetched first. */
export interface Book {
  find(file: Summed): Promise<string | undefined>
  write(file: Summed, h1: string): Promise<void>
}

/** They lie beside what they are of, under names that no client asks for. */
export function createBook(keeper: Keeper): Book {
  const keyOf = ({ module, version, suffix }: Summed): EntryKey =>
    moduleKey(module, `@v/${version}.${suffix}hash`)
  return {
    find: async (file) => (await keeper.find(keyOf(file)))?.trim(),
    write: (file, h1) => keeper.keep(keyOf(file), `${h1}\n`),
  }
}

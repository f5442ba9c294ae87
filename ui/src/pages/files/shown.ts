import type { FileRow } from '../../../../src/api/contract-files.ts'

let names: readonly string[] = []

/** The list of files as somebody saw it last, for going on in it from the page of one. */
export const shownFiles = {
  add: (rows: readonly FileRow[], isFirst: boolean): void => {
    const more = rows.map(({ name }) => name)
    names = isFirst ? more : [...names, ...more]
  },
  /** The one so many rows further; undefined at its ends, and for what is not listed. */
  beside: (name: string, by: 1 | -1): string | undefined => {
    const at = names.indexOf(name)
    return at < 0 ? undefined : names[at + by]
  },
}

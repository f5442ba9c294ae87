import type { Page } from './page.ts'

export interface Code {
  readonly code: string
  /** "README.md:12 cachalot ls", for whoever has to find it. */
  readonly where: string
}

/** What stands between two backticks in a page's text; blocks are looked at elsewhere. */
export function codesOf({ path, lines }: Pick<Page, 'path' | 'lines'>): readonly Code[] {
  return lines.flatMap((line, i) =>
    [...line.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ code, where: `${path}:${i + 1} ${code}` })),
  )
}

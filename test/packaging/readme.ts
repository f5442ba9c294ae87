import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Both languages show the same files. */
export const READMES = ['README.md', 'README.zh-CN.md'] as const

/** The code blocks of a language in a README, those that match `what`. */
export function blocksOf(readme: string, language: string, what: RegExp): string[] {
  const text = readFileSync(join(ROOT, readme), 'utf8')
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , block = '']) => block)
    .filter((block) => what.test(block))
}

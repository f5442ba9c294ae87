import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version in package.json. */
export function version(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')
  // Our own file.
  return (JSON.parse(text) as { version: string }).version
}

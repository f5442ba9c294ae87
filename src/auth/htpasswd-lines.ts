import type { Role } from '../domain/principal.ts'

/**
 * The text with that user's hash: in the place of the line there was, with what followed the hash there unless `role`
 * says otherwise; else at the end. All other lines stay.
 */
export function withUser(text: string, name: string, { hash, role }: { hash: string; role?: Role }): string {
  const lines = linesOf(text)
  const at = lines.findIndex((line) => nameIn(line) === name)
  const rest = role === undefined ? (lines[at]?.split(':').slice(2) ?? []) : remarkOf(role)
  const line = [name, hash, ...rest].join(':')
  if (at < 0) return joined([...lines, line])
  return joined(lines.with(at, line).filter((one, i) => i <= at || nameIn(one) !== name))
}

function remarkOf(role: Role): readonly string[] {
  return role === 'user' ? [] : [`role=${role}`]
}

/** The text without that user; undefined when it has none of that name. */
export function withoutUser(text: string, name: string): string | undefined {
  const lines = linesOf(text)
  const rest = lines.filter((line) => nameIn(line) !== name)
  if (rest.length === lines.length) return undefined
  // An empty file is taken for one that is just being written.
  return joined(rest.some((line) => line.trim() !== '') ? rest : ['# nobody can log in'])
}

export function hasUser(text: string, name: string): boolean {
  return linesOf(text).some((line) => nameIn(line) === name)
}

function linesOf(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function nameIn(line: string): string | undefined {
  const entry = line.trim()
  if (entry.startsWith('#') || !entry.includes(':')) return undefined
  return entry.split(':')[0]?.trim()
}

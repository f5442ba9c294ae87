import { readFileSync, statSync } from 'node:fs'

export type FileText =
  | { readonly text: string; readonly worldReadable: boolean }
  | { readonly trouble: string; readonly missing: boolean }

const TROUBLES: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'cannot be read: its symbolic links form a circle',
}

/** A small text file, or why it cannot be had. Everything that is not an error of the file system is thrown. */
export function readText(file: string): FileText {
  try {
    const text = readFileSync(file, 'utf8')
    return { text, worldReadable: (statSync(file).mode & 0o004) !== 0 }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!/^E[A-Z]+$/.test(code)) throw error
    return {
      trouble: TROUBLES[code] ?? `cannot be read (${code})`,
      missing: code === 'ENOENT' || code === 'ENOTDIR',
    }
  }
}

import { majorOf } from './module-path.ts'

const LONGEST = 256
const NUMBER = '(?:0|[1-9]\\d*)'
const PART = `(?:${NUMBER}|\\d*[A-Za-z-][0-9A-Za-z-]*)`
/** Semantic version with all three numbers; of build metadata only what go itself gives. */
const CANONICAL = new RegExp(
  `^v(${NUMBER})\\.${NUMBER}\\.${NUMBER}(-${PART}(?:\\.${PART})*)?(\\+incompatible)?$`,
)
/** What go itself resolves with the list; proxies never answer it. */
const NOT_ASKED = new Set(['latest', 'upgrade', 'patch'])

/** Whether this names one version of that module for good; everything else is a question that may be answered anew. */
export function isCanonical(module: string, version: string): boolean {
  const [, major = '', , build] = CANONICAL.exec(version) ?? []
  if (major === '' || version.length > LONGEST) return false
  const stated = majorOf(module) ?? ''
  if (stated === '') return major === '0' || major === '1' || build !== undefined
  // Old pseudo-versions of gopkg.in.
  if (stated === '.v1' && version.startsWith('v0.0.0-')) return true
  return major === stated.slice(2)
}

/** Whether this may be asked of a proxy as a version: a branch, a commit, a prefix of a version. */
export function isQuery(version: string): boolean {
  if (version.length > LONGEST || NOT_ASKED.has(version)) return false
  return /^[A-Za-z0-9#$%&()+,.=@[\]^_{}~-]+$/.test(version) && !/^\.+$/.test(version)
}

/** Versions that a checksum database may be asked about. */
export function isLookupVersion(version: string): boolean {
  return version.length <= LONGEST && CANONICAL.test(version)
}

const LONGEST = 512
/** Names that Windows keeps for devices, whatever follows a dot. */
const LONGEST_DEVICE = 4
const DEVICE = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])$/i

/** Whether this may be the path of a module (golang.org/x/mod/module, CheckPath). */
export function isModulePath(path: string): boolean {
  if (path.length > LONGEST) return false
  const [first = '', ...rest] = path.split('/')
  if (!/^[a-z0-9.-]+$/.test(first) || !first.includes('.') || first.startsWith('-')) return false
  return isElement(first) && rest.every(isElement) && majorOf(path) !== undefined
}

function isElement(element: string): boolean {
  if (!/^[A-Za-z0-9_~-](?:[A-Za-z0-9._~-]*[A-Za-z0-9_~-])?$/.test(element)) return false
  const dot = element.indexOf('.')
  const short = dot < 0 ? element : element.slice(0, dot)
  const isDevice = short.length <= LONGEST_DEVICE && DEVICE.test(short)
  return !isDevice && !(short.includes('~') && /~\d+$/.test(short))
}

/**
 * The end of a module path that states its major version: "/v2", ".v1" at gopkg.in, "" where there is none. Undefined
 * for ends that no path may have.
 */
export function majorOf(path: string): string | undefined {
  if (path.startsWith('gopkg.in/')) return majorAtGopkgIn(path)
  const end = /\/v([\d.]+)$/.exec(path)
  if (end === null) return ''
  return /^(?:[2-9]|[1-9]\d+)$/.test(end[1] ?? '') ? end[0] : undefined
}

function majorAtGopkgIn(path: string): string | undefined {
  const [, major] = /(\.v(?:0|[1-9]\d*))(?:-unstable)?$/.exec(path) ?? []
  return major
}

import { HOST_NAMES } from './hosts.ts'

/** What stands in front of an address that leads here. */
export interface Leads {
  /** Of files, "https://cache.example.com/". */
  readonly files: string
  /** Of repositories that are cloned. */
  readonly clones: string
}

const HOSTS = HOST_NAMES.map((name) => RegExp.escape(name)).join('|')
/**
 * Behind the host something has to begin that is no part of its name; in front there may be no address or variable that
 * leads elsewhere already.
 */
/**
 * What follows the host up to where an address ends; another address in it is one of its own. A variable holds no other
 * one: each of many that begin and never end would be looked for to the end of the text.
 */
const TAIL = '(?:\\$\\{(?:(?!https?://)[^{}\\s])*\\}|(?!https?://)[^\\s"\'`<>|;&)\\\\}\\],])*'
const ADDRESS = new RegExp(`(?<![\\w/}])https?://(${HOSTS})(?=[/"'\\s)\`;,}\\]$]|$)(${TAIL})`, 'gi')
/** So much of a line tells what an address in it is for. */
const LOOK_BACK = 200

/**
 * The text of a script with addresses of GitHub's files as they lead here. What else is in it stays as it is, byte by
 * byte; texts are in latin1, so that no coding is broken. Rewriting twice changes no more than rewriting once.
 */
export function rewriteScript(text: string, leads: Leads): string {
  return text.replace(ADDRESS, (address: string, host: string, tail: string, at: number) => {
    const kind = kindOf(host.toLowerCase(), tail, () => lineBefore(text, at))
    if (kind === undefined) return address
    return `${kind === 'clone' ? leads.clones : leads.files}${address}`
  })
}

function lineBefore(text: string, at: number): string {
  const before = text.slice(Math.max(0, at - LOOK_BACK), at)
  return before.slice(before.lastIndexOf('\n') + 1)
}

const FILES =
  /^\/[^/]+\/(?:[^/]+\/)?(?:releases\/(?:latest\/)?download|archive|raw|blob|zipball|tarball)(?:\/|$)/
const REPOSITORY = /^\/[^/]+\/[^/]+\/?$/

/** Whether an address is one that we answer. Where a variable hides what it is, it is taken for one. */
function kindOf(host: string, tail: string, before: () => string): 'file' | 'clone' | undefined {
  const path = tail.replace(/[?#].*$/s, '')
  const isHidden = /[$%{]/.test(path)
  if (host.startsWith('api.'))
    return path === '' || isHidden || /^\/(?:repos|gists)\//.test(path) ? 'file' : undefined
  const isOfPages = host === 'github.com' || host === 'www.github.com' || host === 'gist.github.com'
  if (!isOfPages) return 'file'
  if (/\.git\/?$/.test(path)) return 'clone'
  if (path === '' || path === '/' || FILES.test(path)) return 'file'
  if (host === 'gist.github.com' && /\/raw(?:\/|$)/.test(path)) return 'file'
  if (/\bgit\b.*\b(?:clone|fetch|pull|remote|submodule|ls-remote)\b/.test(before()) && REPOSITORY.test(path))
    return 'clone'
  return isHidden ? 'file' : undefined
}

import { href } from '../router.ts'

/** Where an image or a repository is shown: "docker.io/library/nginx:1.27", "docker.io/library/nginx". */
export function imageHref(name: string): string {
  const path = name.split('/').map(encodeURIComponent).join('/')
  // These two stand in the pattern of the page.
  return href(`/images/${path.replaceAll('%3A', ':').replaceAll('%40', '@')}`)
}

/** Names of all but images: "go:golang.org/x/text@v0.3.0". */
const FILE = /^(?:go|github|hf|git):/i
/** Of those, the ones that name a file for good; others are lists, branches and repositories. */
const WHOLE =
  /^(?:go:.+(?:@v\d|\/@v\/v\d+\.\d+\.\d+.*\.(?:info|mod|zip)$)|hf:.*\/[0-9a-f]{40}\/|git:|github:[^/]+\/[^/]+\/.)/i

export function isFileName(name: string): boolean {
  return FILE.test(name)
}

/** Where a file is shown; for what is only about files, the list of those of its repository. */
export function fileHref(name: string): string {
  if (WHOLE.test(name)) return href(`/files/file?name=${encodeURIComponent(name)}`)
  const count = /^hf:(?:datasets|spaces)\//.test(name) ? 3 : 2
  const rest = /^go:/i.test(name)
    ? name.replace(/\/@(?:v|latest).*$/, '')
    : name.split('/').slice(0, count).join('/')
  return href(`/files?q=${encodeURIComponent(rest)}`)
}

const SITES =
  /^\s*(?:https?:\/\/)?(?:[\w.-]*\.)?(?:github\.com|githubusercontent\.com|huggingface\.co|hf\.co|pkg\.go\.dev|proxy\.golang\.org)\//i

/** Where what somebody looks for is listed. */
export function searchPlace(text: string): string {
  const page = FILE.test(text.trim()) || SITES.test(text) ? 'files' : 'images'
  return `/${page}?q=${encodeURIComponent(text)}`
}

/** Long hexadecimal numbers as their beginning, as git shows them: the whole name is there for whoever rests on it. */
export function shortFile(file: string): string {
  return file.replace(/(?<![0-9a-f])([0-9a-f]{8})[0-9a-f]{32,56}(?![0-9a-f])/g, '$1')
}

import { AppError } from '../domain/errors.ts'
import { because } from '../domain/reasons.ts'
import { imageOfPage } from './image-page.ts'

/**
 * The name of an image in what people paste: the name itself, a command that pulls it, a line of a
 * Dockerfile or of YAML, or the address of its page. The name is not judged yet. Throws AppError
 * `bad_request` where there is none.
 */
export function imageIn(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0]?.trim() ?? ''
  const said = wordIn(line.replace(/^[$#>]\s+/, '')).replace(/^['"]|['"]$/g, '')
  if (/^https?:\/\//i.test(said)) return imageOfPage(new URL(requireUrl(said)))
  const name = said.replace(/^(?:docker|oci|containers-storage|docker-daemon):(?:\/\/)?(?=[^\d])/i, '')
  if (/^(?:www\.)?(?:github\.com|hub\.docker\.com|huggingface\.co)\//i.test(name))
    return imageOfPage(new URL(requireUrl(`https://${name}`)))
  if (name === '') throw new AppError('bad_request', because('no_image'))
  return name
}

const TOOLS = /^(?:sudo|docker|podman|nerdctl|buildah|crictl|ctr|skopeo|crane|k3s|kubectl|oras|image|images)$/
const VERBS = new Set(['pull', 'run', 'create', 'copy', 'inspect', 'manifest', 'digest'])
/** Flags of these commands whose value is a word of its own. */
const VALUED = new Set(
  ['platform', 'arch', 'os', 'variant', 'override-arch', 'override-os', 'hosts-dir', 'snapshotter', 'creds']
    .concat('user', 'namespace', 'name', 'network', 'env', 'volume', 'publish')
    .map((name) => `--${name}`)
    .concat('-a', '-n', '-u', '-e', '-v', '-p'),
)

/** The one word that is meant, of one or many. */
function wordIn(line: string): string {
  const words = line.split(/\s+/)
  const [first = '', ...rest] = words
  if (/^from$/i.test(first)) return rest.find((word) => !word.startsWith('--')) ?? ''
  const yaml = /^-?\s*image:\s*(\S+)/.exec(line)?.[1]
  if (yaml !== undefined) return yaml
  if (words.length === 1 || !TOOLS.test(first)) return first
  const start = words.findIndex((word) => VERBS.has(word))
  if (start < 0) return argumentIn(rest.filter((word) => !TOOLS.test(word)))
  // "manifest inspect" are two.
  const end = words.findIndex((word, i) => i > start && !VERBS.has(word))
  return end < 0 ? '' : argumentIn(words.slice(end))
}

function argumentIn(words: readonly string[]): string {
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? ''
    if (VALUED.has(word)) i++
    else if (!word.startsWith('-')) return word
  }
  return ''
}

function requireUrl(text: string): string {
  if (URL.canParse(text)) return text
  throw new AppError('bad_request', because('no_image_address'))
}

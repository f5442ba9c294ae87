/**
 * The name or address of a file, a module, a model or a repository in what people paste: itself, or a command that
 * fetches it. Nothing is judged: what is none comes back as it is.
 */
export function fileIn(text: string): string {
  const line = text.trim().split(/\r?\n/, 1)[0]?.trim() ?? ''
  const words = line
    .replace(/^[$#>]\s+/, '')
    .split(/\s+/)
    .map((word) => word.replace(/^(['"])(.*)\1$/s, '$2'))
    // Settings of one command stand in front of it.
    .filter((word, i, all) => !/^\w+=/.test(word) || all.slice(0, i).some((one) => !/^\w+=/.test(one)))
  const [first = '', ...rest] = words[0] === 'sudo' ? words.slice(1) : words
  const found = rest.length === 0 ? undefined : TOOLS[first]?.(rest)
  return found ?? moduleIn(first) ?? (rest.length === 0 ? first : line)
}

const TOOLS: Readonly<Record<string, (words: readonly string[]) => string | undefined>> = {
  go: goCommand,
  git: gitCommand,
  curl: addressIn,
  wget: addressIn,
  aria2c: addressIn,
  axel: addressIn,
  hf: hubCommand,
  'huggingface-cli': hubCommand,
}

function addressIn(words: readonly string[]): string | undefined {
  return words.find((word) => /^https?:\/\//i.test(word))
}

function gitCommand(words: readonly string[]): string | undefined {
  const isOurs = ['clone', 'fetch', 'pull', 'ls-remote', 'remote', 'submodule'].some((verb) =>
    words.includes(verb),
  )
  if (!isOurs) return undefined
  return words.find((word) => /^(?:https?|ssh|git):\/\//i.test(word) || /^[\w.-]+@[^/:]+:/.test(word))
}

/** Packages of a module are named by their own paths: only who asks the proxy knows where the module ends. */
function goCommand(words: readonly string[]): string | undefined {
  const verb = words.findIndex((word) => ['get', 'install', 'download', 'run'].includes(word))
  const name = verb < 0 ? undefined : words.slice(verb + 1).find((word) => !word.startsWith('-'))
  return name === undefined || !/^[\w-]+\./.test(name)
    ? undefined
    : `go:${name.replace(/\/\.\.\.(?=@|$)/, '')}`
}

/** "golang.org/x/text@v0.3.0": an image has a digest there. */
function moduleIn(word: string): string | undefined {
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:\/[^@\s]+)?@v\d[^:\s]*$/i.test(word) ? `go:${word}` : undefined
}

const PREFIXES: Readonly<Record<string, string>> = { dataset: 'datasets/', space: 'spaces/' }

function hubCommand(words: readonly string[]): string | undefined {
  if (words[0] !== 'download') return undefined
  const flags = new Map<string, string>()
  const names: string[] = []
  for (let i = 1; i < words.length; i++) {
    const word = words[i] ?? ''
    const [flag = '', value] = word.split('=', 2)
    if (!word.startsWith('--')) names.push(word)
    else if (value !== undefined) flags.set(flag, value)
    else if (VALUED.has(word)) flags.set(word, words[++i] ?? '')
  }
  const [name, ...files] = names
  if (name === undefined) return undefined
  const revision = flags.get('--revision')
  const file = files.length === 1 ? `/${files[0]}` : ''
  const at = revision === undefined && file === '' ? '' : `@${revision ?? 'main'}${file}`
  return `hf:${PREFIXES[flags.get('--repo-type') ?? ''] ?? ''}${name}${at}`
}

const VALUED = new Set(
  ['revision', 'repo-type', 'include', 'exclude', 'local-dir', 'cache-dir', 'token', 'max-workers'].map(
    (name) => `--${name}`,
  ),
)

/**
 * Globs on names: `*` and `?` stay within a path component, `**` goes across. Everything else means itself. However many
 * stars there are, a match takes no more than the square of the text's length.
 */
export function createGlob(pattern: string): (text: string) => boolean {
  const expression = new RegExp(`^${sourceOf(pattern)}$`, 's')
  return (text) => expression.test(text)
}

/**
 * Between two "**" the first place that fits is as good as any later one, and so is, after a "*", the first place where
 * what follows it fits. Lookaheads hold on to it, so that only what comes after the last star is ever tried again.
 */
function sourceOf(pattern: string): string {
  let groups = 0
  const hold = (source: string): string => {
    groups++
    return `(?=(?<g${groups}>${source}))\\k<g${groups}>`
  }
  const sections = pattern.split(/\*\*+/).map((section) => section.split('*').map(literal))
  const sources = sections.map(([first = '', ...rest], at) => {
    const isLast = at === sections.length - 1
    const pieces = rest.map((piece, i) => {
      const source = `[^/]*?${piece}`
      return isLast && i === rest.length - 1 ? source : hold(source)
    })
    const source = `${at === 0 ? '' : '.*?'}${first}${pieces.join('')}`
    return isLast || at === 0 ? source : hold(source)
  })
  return sources.join('')
}

function literal(text: string): string {
  return text.split('?').map(RegExp.escape).join('[^/]')
}

/** Whether the glob says something about a tag or digest; a colon before a slash is a port. */
export function namesReference(pattern: string): boolean {
  return /[:@][^/]*$/.test(pattern)
}

/**
 * Globs on images: "docker.io/library/alpine:3*", "ghcr.io/**@sha256:…", or without tag and digest for everything
 * in a repository. The matcher takes "upstream/repository" and a tag or digest.
 */
export function createImageGlob(pattern: string): (repository: string, reference: string) => boolean {
  const matches = createGlob(pattern)
  if (!namesReference(pattern)) return matches
  return (repository, reference) => matches(`${repository}${reference.includes(':') ? '@' : ':'}${reference}`)
}

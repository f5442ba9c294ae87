import { readWarmName } from '../domain/warm-name.ts'
import { isNever } from './cron.ts'
import { readText } from './files.ts'
import { closest } from './locate.ts'
import type { Path } from './positions.ts'
import { MOST_NAMES } from './prefetch-schema.ts'
import type { Settings } from './schema.ts'
import type { Contradiction } from './source.ts'

/** What cannot be meant in lists of images to prefetch. `resolve` gives the absolute path of a file. */
export function prefetchContradictionsIn(
  settings: Settings,
  resolve: (path: Path, file: string) => string,
): Contradiction[] {
  const { prefetch } = settings
  const names = prefetch.map(({ name }, index) => prefetchName(name, index).toLowerCase())
  const known = new Set(settings.upstream.flatMap(({ name, aliases }) => [name ?? '', ...aliases]))
  return prefetch.flatMap(({ refs, file, schedule }, index) => {
    const at = (...rest: Path): Path => ['prefetch', index, ...rest]
    const found: Contradiction[] = []
    if (refs.length === 0 && file === undefined)
      found.push({
        path: at('refs'),
        message: 'is missing, and must not be empty without a file',
        from: [at('file')],
      })
    if (refs.length > MOST_NAMES)
      found.push({ path: at('refs'), message: `must be at most ${MOST_NAMES} names` })
    if (names.indexOf(names[index] ?? '') < index)
      found.push({ path: at('name'), message: 'is the name of another list already' })
    if (schedule !== undefined && isNever(schedule))
      found.push({ path: at('schedule'), message: 'names a day that never comes', severity: 'warning' })
    for (const [item, ref] of refs.entries()) {
      const message = upstreamProblem(ref, known)
      if (message !== undefined)
        found.push({ path: at('refs', item), message, from: [at('refs'), ['upstream']] })
    }
    return file === undefined ? found : [...found, ...fileProblem(at('file'), resolve(at('file'), file))]
  })
}

/** What a list is called where nobody says it. */
export function prefetchName(name: string | undefined, index: number): string {
  return name ?? `prefetch ${index + 1}`
}

/** The first part of a name is a registry where it looks like a host, as in every name of an image. */
function upstreamProblem(ref: string, known: ReadonlySet<string>): string | undefined {
  const read = readWarmName(ref)
  const [first = ''] =
    'problem' in read
      ? []
      : read.repository
          .toLowerCase()
          .replace(/:443(?=\/)/, '')
          .split('/')
  const isHost = /[.:]/.test(first) || first === 'localhost'
  if (!isHost || known.has(first)) return undefined
  const near = closest(first, [...known])
  const guess = near === undefined ? '' : `; did you mean "${near}"?`
  return `"${first}" is no upstream of this cache${guess} (is ${JSON.stringify(ref)})`
}

/** It is read when the list runs, so it may come later. */
function fileProblem(path: Path, file: string): Contradiction[] {
  const read = readText(file)
  return 'text' in read ? [] : [{ path, message: read.trouble, severity: 'warning' }]
}

import { shortDigest } from '../format.ts'
import { href } from '../router.ts'
import { fileHref, isFileName, shortFile } from './place.ts'
import { Name } from './small.tsx'

/**
 * "docker.io/library/nginx:1.27": the page of what it names, where it names something that may have one. A digest may
 * be that of a layer, so it leads to its repository.
 */
export function NameLink({ text, isKnown = true }: { text: string; isKnown?: boolean }) {
  const isFile = isFileName(text)
  const [name = '', digest] = isFile ? [text] : text.split('@')
  const shown = digest === undefined ? (isFile ? shortFile(name) : name) : `${name}@${shortDigest(digest)}`
  const isPlace = isKnown && /^[^\s/]+\/[^\s()]+$/.test(text)
  const label = (
    <span {...(shown === text ? {} : { title: text })}>
      <Name text={shown} />
    </span>
  )
  return isPlace ? <a href={isFile ? fileHref(name) : href(`/images/${name}`)}>{label}</a> : label
}

import type { ComponentChildren } from 'preact'
import type { ImageDetail, TagRow } from '../../../../src/api/contract.ts'
import { ago, bytes, exactBytes, moment, number, shortDigest } from '../../format.ts'
import { imageHref } from '../../parts/place.ts'
import { Ago, Copy, Digest, Name } from '../../parts/small.tsx'
import { TagMark } from '../../parts/upstream-check.tsx'
import { w } from '../../words/words.ts'
import { Pinned, State } from '../images/columns.tsx'

const MOST_TAGS = 24

interface HeadProps {
  readonly name: string
  readonly detail: ImageDetail
  readonly actions: ComponentChildren
}

/** What it is called, how it stands, and its numbers. */
export function Head({ name, detail, actions }: HeadProps) {
  const { image: words, images, common } = w()
  const { image, tags } = detail
  const [before = '', digest] = name.split('@')
  const tag = digest === undefined ? before.slice(before.lastIndexOf(':') + 1) : undefined
  const own = tags.find((row) => row.tag === tag)
  const others = image.tags.filter((one) => one !== tag)
  const repository = `${image.upstream}/${image.repository}`
  return (
    <div class="page-head image-head">
      <div class="spread">
        <h1 tabIndex={-1} title={name}>
          <Name text={digest === undefined ? name : `${before}@${shortDigest(digest)}`} />{' '}
          <Copy text={name} what={common.terms.name} />
        </h1>
        {actions}
      </div>
      <p class="facts-line">
        <State state={image.state} />
        {image.pinned && <Pinned />}
        {own !== undefined && (
          <span>
            <TagMark state={own.state} />
            {own.state !== 'moved' && <When row={own} />}
          </span>
        )}
        {own === undefined && image.goneAt !== undefined && <TagMark state="gone" />}
        <span>
          {common.terms.digest} <Digest text={image.digest} />
        </span>
        {own?.upstreamDigest !== undefined && (
          <span>
            {words.upstreamHas} <Digest text={own.upstreamDigest} />
          </span>
        )}
        {image.replacedAt !== undefined && (
          <span class="quiet">{images.repository.replaced(ago(image.replacedAt))}</span>
        )}
      </p>
      <dl class="numbers">
        <Fact title={common.terms.total}>
          <span title={exactBytes(image.total)}>{bytes(image.total)}</span>
        </Fact>
        <Fact title={common.terms.onlyHere}>
          <span title={exactBytes(image.onlyHere)}>{bytes(image.onlyHere)}</span>
        </Fact>
        <Fact title={common.terms.shared}>
          <span title={exactBytes(image.shared)}>{bytes(image.shared)}</span>
        </Fact>
        <Fact title={common.terms.pulls}>{number(image.pulls)}</Fact>
        <Fact title={common.terms.lastUsed}>
          <Ago at={image.lastUsed} />
        </Fact>
        <Fact title={common.terms.firstCached}>
          <Ago at={image.firstCached} />
        </Fact>
      </dl>
      {others.length > 0 && (
        <p class="chips">
          <span class="quiet">{words.alsoTagged}</span>
          {others.slice(0, MOST_TAGS).map((one) => (
            <a key={one} class="chip" href={imageHref(`${repository}:${one}`)}>
              {one}
            </a>
          ))}
          {others.length > MOST_TAGS && <span class="quiet">+{number(others.length - MOST_TAGS)}</span>}
        </p>
      )}
    </div>
  )
}

/** When the upstream was asked last, or when it was found to have it no more. */
function When({ row }: { row: TagRow }) {
  const words = w().image
  const at = row.goneAt ?? row.checkedAt
  return (
    <span class="quiet">
      {' · '}
      <time dateTime={new Date(at).toISOString()} title={moment(at)}>
        {row.goneAt === undefined ? words.checked(ago(at)) : words.goneSince(ago(at))}
      </time>
    </span>
  )
}

function Fact({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  )
}

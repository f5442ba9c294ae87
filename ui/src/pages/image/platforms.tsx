import type { PlatformRow } from '../../../../src/api/contract.ts'
import { bytes, exactBytes } from '../../format.ts'
import { FetchButton } from '../../parts/fetch-button.tsx'
import { Digest } from '../../parts/small.tsx'
import { href, path, query } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { State } from '../images/columns.tsx'

interface PlatformsProps {
  readonly name: string
  readonly platforms: readonly PlatformRow[]
  readonly chosen: PlatformRow | undefined
  readonly onFetched: () => void
}

/** Every platform the image has, and what is here of each. */
export function Platforms({ name, platforms, chosen, onFetched }: PlatformsProps) {
  const { image, common } = w()
  const words = image.platforms
  const { terms } = common
  return (
    <section class="stack tight">
      <h2>{words.title}</h2>
      <div class="table-frame">
        <table>
          <caption class="unseen">{words.caption}</caption>
          <thead>
            <tr>
              <th scope="col">{terms.platform}</th>
              <th scope="col">{terms.state}</th>
              <th scope="col" class="end">
                {terms.size}
              </th>
              <th scope="col" class="end wide">
                {terms.layers}
              </th>
              <th scope="col" class="wide">
                {terms.digest}
              </th>
              {may('operator') && (
                <th scope="col">
                  <span class="unseen">{image.fetch}</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {platforms.map((row) => (
              <Line key={row.digest} row={row} name={name} isChosen={row === chosen} onFetched={onFetched} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

interface LineProps {
  readonly row: PlatformRow
  readonly name: string
  readonly isChosen: boolean
  readonly onFetched: () => void
}

function Line({ row, name, isChosen, onFetched }: LineProps) {
  const { image } = w()
  const words = image.platforms
  const { platform, digest, state, size, here, layers, layersHere } = row
  // What no platform can run is not fetched by its platform.
  const canFetch = state !== 'complete' && platform !== undefined && platform !== 'unknown/unknown'
  return (
    <tr {...(isChosen ? { 'aria-current': 'true' as const } : {})}>
      <td>
        <a href={linkTo(digest)} title={isChosen ? words.shown : undefined}>
          {titleOf(platform)}
        </a>
      </td>
      <td>
        <State state={state} />
      </td>
      <td class="end" title={state === 'absent' ? undefined : `${exactBytes(here)} / ${exactBytes(size)}`}>
        {sizeOf(row)}
      </td>
      <td class="end wide">{state === 'absent' ? '–' : words.layers(layersHere, layers)}</td>
      <td class="wide">
        <Digest text={digest} />
      </td>
      {may('operator') && (
        <td class="end">
          {canFetch && (
            <FetchButton
              name={name}
              platform={platform}
              label={state === 'partial' ? image.fetchRest : image.fetch}
              isSmall
              onDone={onFetched}
            />
          )}
        </td>
      )}
    </tr>
  )
}

/** Nothing is known of what is not here but how long its manifest is. */
function sizeOf({ state, here, size }: PlatformRow): string {
  if (state === 'absent') return '–'
  return here === size ? bytes(size) : w().image.platforms.sizes(bytes(here), bytes(size))
}

/** A platform as people call it. */
export function titleOf(platform: string | undefined): string {
  const words = w().image.platforms
  return platform === undefined
    ? words.unknown
    : platform === 'unknown/unknown'
      ? words.attestation
      : platform
}

/** The same page with this platform below, whichever tab is open. */
function linkTo(digest: string): string {
  const next = new URLSearchParams(query.value)
  next.set('platform', digest)
  return `${href(path.value)}?${next.toString()}`
}

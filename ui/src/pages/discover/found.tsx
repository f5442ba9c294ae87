import type { HubImage } from '../../../../src/api/contract-hub.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { Mark, Name } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { Answer } from './answer.tsx'
import { asked, pageNumber } from './place.ts'

/** Repositories for these words. */
export function Found({ q }: { q: string }) {
  const page = pageNumber()
  const answer = useResource(String(page), (signal) => ask('GET /hub/search', { q, page }, signal))
  return <Answer<HubImage> answer={answer} found={w().common.repositories} row={Row} />
}

/** What somebody wrote about it is text, whatever it looks like. */
function Row({ name, description, stars, pulls, official, cached }: HubImage) {
  const { discover: words, common } = w()
  return (
    <li key={name}>
      <p class="row">
        <a href={href(asked({ repository: name, page: 1 }))}>
          <Name text={name.replace(/^docker\.io\/(library\/)?/, '')} />
        </a>
        {official && <span class="chip">{words.official}</span>}
        {cached && <Mark tone="ok">{words.cached.yes}</Mark>}
        <span class="hub-more quiet">
          {stars > 0 && `★ ${number(stars)} · `}
          {common.pulls(pulls)}
        </span>
      </p>
      {description !== '' && (
        <p class="quiet name" dir="auto">
          {description}
        </p>
      )}
    </li>
  )
}

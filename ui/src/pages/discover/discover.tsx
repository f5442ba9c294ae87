import { basket } from '../../basket.ts'
import { Icon } from '../../parts/icon.tsx'
import { href, query } from '../../router.ts'
import { may } from '../../session.ts'
import { w } from '../../words/words.ts'
import { AskForm } from './ask-form.tsx'
import './discover.css'
import { Found } from './found.tsx'
import { ImportForm } from './import-form.tsx'
import { Package } from './package.tsx'
import { addressOf, ask } from './place.ts'
import { HubTags } from './tags.tsx'

/** Images that need not be here: Docker Hub's search and tags, and packages to take along. */
export default function Discover() {
  const words = w().discover
  const count = basket.value.length
  const q = query.value.get('q') ?? ''
  const repository = query.value.get('repository') ?? ''
  return (
    <>
      <div class="spread">
        <h1 tabIndex={-1}>{words.title}</h1>
        {count > 0 && <a href="#package">{words.pack(count)}</a>}
      </div>
      <AskForm label={words.searchPlaceholder} value={q} button={words.go} onAsk={ask} />
      {repository !== '' ? (
        <section class="stack">
          {q !== '' && (
            <nav class="crumbs" aria-label={words.title}>
              <a href={href(addressOf({ q }))}>{q}</a>
              <Icon name="chevron" size={12} />
            </nav>
          )}
          <HubTags key={repository} repository={repository} />
        </section>
      ) : q === '' ? (
        <p class="quiet">{words.lead}</p>
      ) : (
        <Found key={q} q={q} />
      )}
      {count > 0 && <Package />}
      {may('operator') && q + repository === '' && <ImportForm />}
    </>
  )
}

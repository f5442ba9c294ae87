import { Converter } from '../../parts/converter.tsx'
import { Icon } from '../../parts/icon.tsx'
import { Lines } from '../../parts/lines.tsx'
import { Copy } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import './home.css'

/** For everybody who may pull: what this is, and how to use it. */
export default function Home() {
  const words = w().home
  const now = session.value
  const base = now?.base ?? window.location.origin
  const host = base.replace(/^https?:\/\//, '')
  return (
    <div class="home">
      <header class="stack">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p class="lead">{words.lead}</p>
      </header>
      {now !== undefined && !now.mayPull && (
        <p class="banner warn">
          <Icon name="info" /> {words.closed}
        </p>
      )}
      <section class="stack" aria-labelledby="home-address">
        <h2 id="home-address">{words.address}</h2>
        <div class="address">
          <code>{host}</code>
          <Copy text={host} what={words.addressOf} />
        </div>
        <p class="quiet">{words.addressHint}</p>
        {base.startsWith('http:') && <p class="quiet">{words.plain}</p>}
      </section>
      <section class="stack" aria-labelledby="home-convert">
        <h2 id="home-convert">{words.convert.title}</h2>
        <Converter label={words.convert.label} example={words.convert.example} />
        <p class="quiet">{words.convert.hint}</p>
      </section>
      <section class="stack" aria-labelledby="home-use">
        <h2 id="home-use">{words.snippets.title}</h2>
        <Lines
          lines={[
            { label: words.snippets.pull, text: `docker pull ${host}/alpine:3` },
            { label: words.snippets.dockerfile, text: `FROM ${host}/library/node:24-slim` },
            { label: words.snippets.compose, text: `image: ${host}/ghcr.io/org/app:1` },
            {
              label: words.snippets.file,
              text: `curl -fLO ${base}/https://github.com/owner/repo/archive/refs/heads/main.tar.gz`,
            },
          ]}
        />
      </section>
      <section class="card onward" aria-labelledby="home-setup">
        <div>
          <h2 id="home-setup">{words.setup.title}</h2>
          <p class="quiet">{words.setup.lead}</p>
        </div>
        <a class="button primary" href={href('/setup')}>
          {words.setup.action}
        </a>
      </section>
    </div>
  )
}

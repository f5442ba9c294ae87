import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Bytes, Copy } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'
import { LICENCE, PARTS } from './licences.ts'

/** Which version this is, where it keeps things, and what it is made with. */
export function About() {
  const words = w().settings.about
  const { data, failure, reload } = useResource('about', (signal) => ask('GET /stats', {}, signal))
  const now = session.value
  return (
    <div class="stack">
      <p class="quiet">{words.lead}</p>
      <dl class="facts card">
        <dt>{words.version}</dt>
        <dd>{now?.version}</dd>
        <dt>{words.address}</dt>
        <dd class="row">
          <code class="name">{now?.base}</code>
          <Copy text={now?.base ?? ''} what={words.address} />
        </dd>
        <dt>{words.data}</dt>
        <dd>
          {/* The height stays the same while it is asked for. */}
          <code class="name">{data?.disk.path ?? '…'}</code>
        </dd>
        <dt>{words.index}</dt>
        <dd>{data === undefined ? '…' : <Bytes n={data.disk.index} />}</dd>
        <dt>{words.licence}</dt>
        <dd>{LICENCE}</dd>
      </dl>
      {failure !== undefined && <Problem failure={failure} retry={reload} />}
      <p>
        <a href="/api/v1/openapi.json" target="_blank" rel="noreferrer">
          {words.api}
        </a>
      </p>
      <section class="stack" aria-labelledby="about-parts">
        <h2 id="about-parts">{words.parts}</h2>
        <ul class="chips">
          {PARTS.map(({ name, licence }) => (
            <li key={name} class="chip">
              {name} <span class="quiet">{licence}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  )
}

import type { ComponentChildren } from 'preact'
import { Icon } from '../../parts/icon.tsx'
import { Snippet } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { session } from '../../session.ts'
import { w } from '../../words/words.ts'

const CLIENTS = ['docker', 'podman', 'containerd', 'k3s', 'kubernetes'] as const
const NAMES = {
  docker: 'Docker',
  podman: 'Podman',
  containerd: 'containerd',
  k3s: 'k3s',
  kubernetes: 'Kubernetes',
}

/** For a cache that holds nothing: how to make the first pull, turning by itself while it comes. */
export default function FirstSteps({ active, images }: { active: number; images: number }) {
  const { first } = w().overview
  const isDone = images > 0
  const host = (session.value?.base ?? window.location.origin).replace(/^https?:\/\//, '')
  return (
    <section class="card first-steps" aria-labelledby="first">
      <h2 id="first">{first.title}</h2>
      {!isDone && <p class="quiet">{first.lead}</p>}
      <ol>
        <Step title={first.choose} isDone={isDone}>
          <p class="quiet">{first.chooseMore}</p>
          <p class="chips">
            {CLIENTS.map((kind) => (
              <a key={kind} class="chip" href={href(`/setup?kind=${kind}`)}>
                {NAMES[kind]}
              </a>
            ))}
            <a class="chip" href={href('/setup')}>
              {first.all}
            </a>
          </p>
        </Step>
        <Step title={first.pull} isDone={isDone || active > 0}>
          <p class="quiet">{first.pullMore}</p>
          <Snippet label={first.line} text={`docker pull ${host}/docker.io/library/alpine:latest`} />
        </Step>
        <Step title={isDone ? first.done : active > 0 ? first.running : first.wait} isDone={isDone} isLive>
          {isDone ? (
            <a href={href('/images')}>{first.look}</a>
          ) : (
            <p class="quiet">
              {active > 0 ? <a href={href('/activity')}>{w().activity.title}</a> : first.waitMore}
            </p>
          )}
        </Step>
      </ol>
    </section>
  )
}

interface StepProps {
  readonly title: string
  readonly isDone: boolean
  readonly isLive?: boolean
  readonly children: ComponentChildren
}

function Step({ title, isDone, isLive, children }: StepProps) {
  const { first } = w().overview
  return (
    <li class={isDone ? 'done' : ''}>
      <span class="step-mark">{isDone && <Icon name="check" label={first.isDone} />}</span>
      <div>
        <h3 {...(isLive === true ? { 'aria-live': 'polite' as const } : {})}>{title}</h3>
        {children}
      </div>
    </li>
  )
}

import { useEffect, useMemo, useRef } from 'preact/hooks'
import type { SetupKind } from '../../../../src/api/contract-setup.ts'
import { ask } from '../../api.ts'
import { Icon } from '../../parts/icon.tsx'
import { Problem, wordsFor } from '../../parts/problem.tsx'
import { Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { href } from '../../router.ts'
import { session } from '../../session.ts'
import { language, w } from '../../words/words.ts'
import { Apply } from './apply.tsx'
import { Check } from './check.tsx'
import { chosenKind, Kinds } from './kinds.tsx'
import { newNonce } from './nonce.ts'
import { givenOptions, Options } from './options.tsx'
import './setup.css'

/** How a client is told to use this cache, made for the address that its reader came by. */
export default function SetupPage() {
  const words = w().setup
  const kind = chosenKind()
  return (
    <div class="setup stack">
      <header class="page-head">
        <h1 tabIndex={-1}>{words.title}</h1>
        <p class="quiet">{words.lead}</p>
      </header>
      <Kinds chosen={kind} />
      {kind !== undefined && <Steps kind={kind} />}
    </div>
  )
}

function Steps({ kind }: { readonly kind: SetupKind }) {
  const words = w().setup
  const options = givenOptions()
  const nonce = useMemo(newNonce, [kind])
  const asked = { kind, language: language.value, nonce, ...options }
  const key = JSON.stringify(asked)
  const { data, failure, reload } = useResource(key, (signal) => ask('POST /setup/render', asked, signal))
  const heading = useFocusOn(kind)
  // What is there belongs to the kind before, until the answer is here.
  const setup = data?.kind === kind ? data : undefined
  return (
    <>
      <h2 ref={heading} tabIndex={-1} class="kind-title">
        {words.kinds[kind]}
      </h2>
      <Options kind={kind} />
      {failure?.status === 401 ? (
        <NeedsLogin />
      ) : (
        <>
          {failure?.status === 400 ? (
            <p class="banner bad" role="alert">
              <Icon name="fail" /> {wordsFor(failure)}
            </p>
          ) : (
            failure !== undefined && <Problem failure={failure} retry={reload} />
          )}
          {setup === undefined && failure === undefined && <Skeleton lines={6} />}
          {setup !== undefined && (
            <>
              <Apply setup={setup} />
              <Check key={nonce} kind={kind} setup={setup} nonce={nonce} />
            </>
          )}
        </>
      )}
    </>
  )
}

function NeedsLogin() {
  const words = w().setup
  return (
    <p class="row">
      {words.login}
      {session.value?.user === undefined && (
        <a class="button" href={href('/')}>
          {words.loginAction}
        </a>
      )}
    </p>
  )
}

/** After another tile was chosen, what follows is where to go on. */
function useFocusOn(kind: SetupKind) {
  const heading = useRef<HTMLHeadingElement>(null)
  const last = useRef(kind)
  useEffect(() => {
    if (last.current === kind) return
    last.current = kind
    heading.current?.focus()
  }, [kind])
  return heading
}

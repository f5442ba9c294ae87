import { useSignal } from '@preact/signals'
import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import type { Failure } from './api.ts'
import { meetHeading } from './heading.ts'
import { Problem } from './parts/problem.tsx'
import { Skeleton } from './parts/small.tsx'
import { asFailure } from './resource.ts'

/** A component that is loaded when it is shown first, and with it what else it needs: its words. */
export function lazy<P extends object>(
  load: () => Promise<{ readonly default: ComponentType<P> }>,
  needed?: () => Promise<void>,
): ComponentType<P> {
  let Loaded: ComponentType<P> | undefined
  return function Lazy(props: P) {
    const turn = useSignal(0)
    const failure = useSignal<Failure | undefined>(undefined)
    useEffect(() => {
      if (Loaded === undefined) void begin()
    }, [])
    const begin = async (): Promise<void> => {
      try {
        const [loaded] = await Promise.all([load(), needed?.()])
        Loaded = loaded.default
        turn.value++
      } catch (error) {
        failure.value = asFailure(error)
      }
    }
    // Read in any case: that is what draws it again.
    const isHere = turn.value >= 0 && Loaded !== undefined
    useEffect(() => {
      if (isHere) meetHeading()
    }, [isHere])
    if (isHere && Loaded !== undefined) return <Loaded {...props} />
    // A newer version may have replaced the files: loading the page again brings its own.
    if (failure.value !== undefined)
      return <Problem failure={failure.value} retry={() => window.location.reload()} />
    return <Skeleton />
  }
}

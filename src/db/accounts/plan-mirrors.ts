import type { PlannedMirror, PlanOrder } from './plan-shape.ts'

/** The upstream that mirrors of git belong to, with the large files of their repositories. */
export const GIT = 'git'

/** Mirrors that a clean-up may take, the coldest first. Undefined cutoff: none of them. */
function mirrorsUpTo(
  { mirrors = [], exclude, scope }: PlanOrder,
  cutoff: number | undefined,
): readonly PlannedMirror[] {
  if (cutoff === undefined || scope?.upstreams?.includes(GIT) === false) return []
  const stays = new Set(exclude?.files)
  return mirrors
    .filter(({ name, usedAt }) => usedAt < cutoff && !stays.has(`${GIT}:${name}`))
    .toSorted((a, b) => a.usedAt - b.usedAt)
}

/** Those that nobody used for long. */
export function unusedMirrors(ask: PlanOrder): readonly PlannedMirror[] {
  const { shown, unusedBefore, unusedBeforeOf } = ask
  const cutoff = GIT in unusedBeforeOf ? unusedBeforeOf[GIT] : unusedBefore
  // What keeps unused content for a time of its own does so wherever the goal is.
  const found = mirrorsUpTo({ ...ask, scope: undefined }, cutoff)
  return shown === undefined ? found : among(found, shown.unused.mirrors)
}

/** Those that may go for room, without what goes already. */
export function coldMirrors(ask: PlanOrder, planned: readonly PlannedMirror[]): readonly PlannedMirror[] {
  const going = new Set(planned.map(({ name }) => name))
  const found = mirrorsUpTo(ask, ask.youngSince + 1).filter(({ name }) => !going.has(name))
  return ask.shown === undefined ? found : among(found, ask.shown.coldest.mirrors)
}

function among(found: readonly PlannedMirror[], shown: readonly PlannedMirror[]): readonly PlannedMirror[] {
  const names = new Set(shown.map(({ name }) => name))
  return found.filter(({ name }) => names.has(name))
}

/** A repository at its upstream. */
export interface Source {
  /** As people and rules name it, "github.com/owner/repo"; a mirror is found by it. */
  readonly name: string
  /** Configured name of the upstream. */
  readonly upstream: string
  /** Where that upstream is, without a trailing slash. */
  readonly url: string
  /** On that upstream, raw, "/owner/repo.git". */
  readonly path: string
}

/** As one string, for maps. */
export function sourceText({ upstream, path }: Source): string {
  return `${upstream}\0${path}`
}

/** A request that goes out. What is behind "?" is left out: such addresses are signed. */
export interface Asking {
  readonly upstream: string
  readonly method: string
  /** With its port, where that is not the usual one. */
  readonly host: string
  readonly path: string
}

/** The status of the headers that came, or what came instead of them. */
export type AskingEnd = { readonly status: number } | { readonly error: unknown }

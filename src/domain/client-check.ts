/** The repository that no upstream is ever asked for: a pull of it only shows that a client comes through here. */
export const CHECK_REPOSITORY = 'library/cachalot-check'

/** What is asked for instead where there are no images: an owner, an organisation or a host that is nobody's. */
export const CHECK_NAME = 'cachalot-check'

/** Letters of a nonce: a tag, and too many to guess one. */
export const CHECK_NONCE = /^[a-z0-9]{20}$/

/** How a client named the upstream: by `?ns=`, in the name, by a virtual host, or not at all. */
export type CheckShape = 'namespace' | 'prefix' | 'host' | 'default'

/** A pull that was made to see whether it comes. */
export interface CheckNote {
  readonly nonce: string
  readonly upstream: string
  readonly shape: CheckShape
}

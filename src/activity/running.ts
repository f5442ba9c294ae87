import type { CheckNote } from '../domain/client-check.ts'
import type { ErrorCode } from '../domain/errors.ts'
import type { Outcome } from '../domain/names.ts'

/** A request that is being answered. `notes` and the status fill as it goes. */
export interface Running {
  readonly id: string
  /** Address. */
  readonly client: string
  readonly line: { readonly method: string; readonly path: string; readonly query: string }
  readonly req: { readonly headers: { readonly 'user-agent'?: string | undefined } }
  readonly res: { readonly statusCode: number }
  readonly notes: RunningNotes
}

export interface RunningNotes {
  readonly who?: string
  /** "docker.io/library/nginx:1.27" */
  readonly name?: string
  /** What rules call the repository of that: "hf:org/model"; undefined for images. */
  readonly target?: string
  readonly upstream?: string
  readonly kind?: 'manifest' | 'blob' | 'tags' | 'referrers' | 'file'
  readonly outcome?: Outcome
  readonly error?: { readonly code: ErrorCode }
  /** Of the whole content, where that is known. */
  readonly size?: number
  /** Of the body, so far. */
  readonly bytes: number
  /** It only wanted to be seen. */
  readonly check?: CheckNote
}

/** A running request and when it began. */
export interface Ongoing {
  readonly running: Running
  readonly startedAt: number
  /** The pull it belongs to, once that is known. */
  place: object | undefined
}

/** A name taken apart: "docker.io/library/nginx", and the tag or digest behind it. */
export interface SplitName {
  readonly repository: string
  readonly reference: string | undefined
}

export function splitName(name: string): SplitName {
  const at = name.indexOf('@')
  if (at >= 0) return { repository: name.slice(0, at), reference: name.slice(at + 1) }
  // A colon before the last slash belongs to a port.
  const colon = name.lastIndexOf(':')
  if (colon <= name.lastIndexOf('/')) return { repository: name, reference: undefined }
  return { repository: name.slice(0, colon), reference: name.slice(colon + 1) }
}

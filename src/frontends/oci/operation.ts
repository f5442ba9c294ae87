import type { OciResource } from './path.ts'

/** A parsed registry request. */
export interface OciOperation {
  readonly verb: 'read' | 'delete'
  readonly resource: OciResource
  readonly prefix: string | undefined
  readonly namespace: string | undefined
  readonly query: URLSearchParams
  readonly host: string
}

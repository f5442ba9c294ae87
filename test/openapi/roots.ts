import type { ApiError } from '../../src/api/contract.ts'
import type { Progress } from '../../src/api/contract-work.ts'
import type { Api } from '../../src/api/routes.ts'

/** Where the types begin that the description of the API is made of. */
export interface Roots {
  readonly api: Api
  readonly error: ApiError
  readonly progress: Extract<Progress<never>, { readonly type: 'progress' }>
}

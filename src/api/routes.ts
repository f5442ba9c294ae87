import type { CoreApi } from './contract.ts'
import type { AccessApi } from './contract-access.ts'
import type { ActivityApi } from './contract-activity.ts'
import type { ContentsApi } from './contract-contents.ts'
import type { GcApi } from './contract-gc.ts'
import type { SessionApi } from './contract-session.ts'
import type { SetupApi } from './contract-setup.ts'

/** Every route: method and path below /api/v1, what goes in, what comes out. */
export interface Api extends CoreApi, AccessApi, SessionApi, ActivityApi, ContentsApi, GcApi, SetupApi {}

import type { CoreApi } from './contract.ts'
import type { AccessApi } from './contract-access.ts'
import type { ActivityApi } from './contract-activity.ts'
import type { ContentsApi } from './contract-contents.ts'
import type { EvictApi } from './contract-evict.ts'
import type { FilesApi } from './contract-files.ts'
import type { GcApi } from './contract-gc.ts'
import type { HubApi } from './contract-hub.ts'
import type { PackagesApi } from './contract-packages.ts'
import type { PrefetchApi } from './contract-prefetch.ts'
import type { SessionApi } from './contract-session.ts'
import type { SetupApi } from './contract-setup.ts'
import type { WorkApi } from './contract-work.ts'

/** Every route: method and path below /api/v1, what goes in, what comes out. */
export interface Api
  extends CoreApi,
    WorkApi,
    AccessApi,
    SessionApi,
    ActivityApi,
    ContentsApi,
    FilesApi,
    EvictApi,
    GcApi,
    HubApi,
    PackagesApi,
    PrefetchApi,
    SetupApi {}

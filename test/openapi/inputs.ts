import type { z } from 'zod'
import * as audit from '../../src/api/audit.ts'
import * as check from '../../src/api/check.ts'
import * as convert from '../../src/api/convert.ts'
import * as events from '../../src/api/events.ts'
import * as evict from '../../src/api/evict.ts'
import * as evictPreview from '../../src/api/evict-preview.ts'
import * as exportRoutes from '../../src/api/export.ts'
import * as files from '../../src/api/files.ts'
import * as gc from '../../src/api/gc.ts'
import * as hub from '../../src/api/hub.ts'
import * as images from '../../src/api/images.ts'
import * as importRoutes from '../../src/api/import.ts'
import * as keys from '../../src/api/keys.ts'
import * as live from '../../src/api/live.ts'
import * as manifest from '../../src/api/manifest.ts'
import * as overview from '../../src/api/overview.ts'
import * as password from '../../src/api/password.ts'
import * as pins from '../../src/api/pins.ts'
import * as prefetch from '../../src/api/prefetch.ts'
import * as remove from '../../src/api/remove.ts'
import type { Api } from '../../src/api/routes.ts'
import * as session from '../../src/api/session.ts'
import * as setup from '../../src/api/setup.ts'
import * as setupWatch from '../../src/api/setup-watch.ts'
import * as stats from '../../src/api/stats.ts'
import * as tags from '../../src/api/tags.ts'
import * as tokens from '../../src/api/tokens.ts'
import * as tree from '../../src/api/tree.ts'
import * as upstreams from '../../src/api/upstreams.ts'
import * as usage from '../../src/api/usage.ts'
import * as users from '../../src/api/users.ts'
import * as work from '../../src/api/work.ts'

/** What judges the input of each route; undefined where there is none. A test holds every one against the server. */
export const INPUTS: Readonly<Record<keyof Api, z.ZodType | undefined>> = {
  'GET /session': undefined,
  'POST /session': session.loginAsk,
  'DELETE /session': undefined,
  'POST /setup-admin': session.setupAsk,
  'PUT /session/password': password.putAsk,
  'POST /setup/render': setup.renderAsk,
  'GET /setup/watch': setupWatch.watchAsk,
  'GET /convert': convert.convertAsk,
  'GET /openapi.json': undefined,
  'GET /stats': stats.statsAsk,
  'GET /repositories': images.listAsk,
  'GET /images': images.listAsk,
  'GET /image': images.nameAsk,
  'GET /lookup': images.nameAsk,
  'GET /files': files.filesAsk,
  'GET /files/kinds': undefined,
  'GET /file': images.nameAsk,
  'GET /overview': overview.rangeAsk,
  'GET /series': overview.rangeAsk,
  'GET /live': undefined,
  'GET /events': events.eventsAsk,
  'GET /requests': live.requestsAsk,
  'GET /upstreams': undefined,
  'GET /tree': tree.treeAsk,
  'GET /tags': tags.tagsAsk,
  'GET /tags/beside': usage.besideAsk,
  'GET /repositories/usage': usage.usageAsk,
  'GET /digests': tags.digestsAsk,
  'GET /manifest': manifest.manifestAsk,
  'GET /tokens': tokens.listAsk,
  'PUT /tokens': tokens.putAsk,
  'DELETE /tokens': tokens.deleteAsk,
  'GET /export': exportRoutes.exportAsk,
  'GET /export/plan': exportRoutes.planAsk,
  'GET /hub/search': hub.searchAsk,
  'GET /hub/tags': hub.hubTagsAsk,
  'GET /clients': undefined,
  'POST /upstreams/test': upstreams.testAsk,
  'POST /check': check.checkAsk,
  'POST /selection': evictPreview.selectionAsk,
  'POST /evict': evict.evictAsk,
  'GET /evictions': undefined,
  'POST /undo': evict.undoAsk,
  'POST /evictions/free': evict.freeAsk,
  'GET /pins': undefined,
  'PUT /pins': pins.putAsk,
  'DELETE /pins': pins.deleteAsk,
  'GET /jobs': work.jobsAsk,
  'POST /jobs/stop': work.stopAsk,
  'POST /remove': remove.removeAsk,
  'POST /gc': gc.gcAsk,
  'POST /gc/preview': gc.gcPreviewAsk,
  'POST /gc/narrow': gc.gcChoiceAsk,
  'POST /gc/run': gc.gcChoiceAsk,
  'GET /gc/platforms': undefined,
  'POST /verify': work.verifyAsk,
  'POST /fetch': work.fetchAsk,
  'POST /import': importRoutes.importAsk,
  'GET /prefetch': undefined,
  'POST /prefetch': prefetch.prefetchAsk,
  'GET /users': undefined,
  'PUT /users': users.putAsk,
  'DELETE /users': users.deleteAsk,
  'GET /config': undefined,
  'GET /keys': undefined,
  'PUT /keys': keys.putAsk,
  'DELETE /keys': keys.deleteAsk,
  'GET /audit': audit.ask,
}

import { activity } from './activity.ts'
import { cleanup } from './cleanup.ts'
import { evict } from './evict.ts'
import { files } from './files.ts'
import { image } from './image.ts'
import { images } from './images.ts'
import { keys } from './keys.ts'
import { overview } from './overview.ts'
import { session } from './session.ts'
import { settings } from './settings.ts'
import { setup } from './setup.ts'
import { upstreams } from './upstreams.ts'

/** What the pages say, by page. */
export const pages = {
  images,
  cleanup,
  files,
  image,
  evict,
  upstreams,
  activity,
  overview,
  setup,
  settings,
  keys,
  session,
}

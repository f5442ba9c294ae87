import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { bcryptLine } from '../auth/support.ts'
import { pullImage } from '../jobs/support.ts'
import { type CachalotOptions, type ConfigTables, type Pair, startPair } from '../support/cachalot.ts'
import { type Cleanup, tempDir } from '../support/temp.ts'
import { type FileSources, fillFiles, startFileSources } from './file-sources.ts'
import { startHubSource } from './hub-source.ts'

/** As `npm run build` makes it. */
export const BUILT = join(import.meta.dirname, '../../ui/dist')

/** Long enough for the rule about new passwords. */
export const PASSWORDS = { alice: 'wonderland', carol: 'singing-loud', bob: 'builder-bob' } as const

/** A cache with a console: alice is an admin, carol an operator, bob neither. */
export async function startConsole(
  t: Cleanup,
  config: ConfigTables = {},
  place: Pick<CachalotOptions, 'dataDir' | 'clock'> = {},
): Promise<Pair> {
  const users = join(await tempDir(t), 'users')
  const lines = Object.entries(PASSWORDS).map(([name, password]) => bcryptLine(name, password))
  await writeFile(users, lines.join(''))
  const auth = { htpasswd: users, admins: ['alice'], operators: ['carol'], anonymous_pull: 'private' }
  return await startPair(t, {
    ...place,
    consoleFolder: BUILT,
    config: { ...config, auth: { ...auth, ...config.auth } },
  })
}

/** Logs in without the form; what follows in this page's profile is that user's. */
export async function logInAs(page: Page, user: keyof typeof PASSWORDS): Promise<void> {
  const answer = await page.request.post('/api/v1/session', {
    headers: { 'x-csrf': '1' },
    data: { user, password: PASSWORDS[user] },
  })
  if (!answer.ok()) throw new Error(`no login as ${user}: ${answer.status()} ${await answer.text()}`)
}

/** The same with images and files of every kind in it, and where they came from. */
export async function startFull(t: Cleanup): Promise<Pair & { readonly sources: FileSources }> {
  const sources = await startFileSources(t)
  const web = await startHubSource(t)
  const lab = await startConsole(t, { ...sources.config, hub: { enabled: true, url: web.url } })
  await fill(lab)
  await fillFiles(t, lab.cache, sources)
  return { ...lab, sources }
}

/** Something of everything, pulled through the cache. */
export async function fill({ hub, cache }: Pair): Promise<void> {
  const shared = hub.addImage('library/base', { layers: [96 * 1024], tags: ['1'] })
  await pullImage(cache, shared, { repo: 'library/base', tag: '1' })
  for (const tag of ['1.0', '1.1', '2.0-alpine']) {
    const image = hub.addImage('library/app', { layers: [...shared.layers, 64 * 1024], tags: [tag] })
    await pullImage(cache, image, { repo: 'library/app', tag })
  }
  const index = hub.addIndex('org/multi', { tags: ['latest', '3'] })
  const [first] = index.images
  if (first !== undefined) {
    await pullImage(cache, { ...first, manifest: index.manifest }, { repo: 'org/multi', tag: 'latest' })
    await cache.fetch(`/v2/org/multi/manifests/${first.manifest.digest}`)
  }
  const long = 'a-team/with-a-rather-long-name/and-a-service-whose-name-does-not-end-soon'
  const image = hub.addImage(long, { tags: ['2026-11-22T10-00-00-0123456789abcdef0123456789abcdef'] })
  await pullImage(cache, image, { repo: long, tag: '2026-11-22T10-00-00-0123456789abcdef0123456789abcdef' })
  await cache.fetch('/v2/library/none/manifests/1')
}

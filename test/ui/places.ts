import type { Page } from 'playwright-core'
import { settle, visit } from './browser.ts'

/** A page or a state of one, as tests and screenshots go through them. */
export interface Place {
  /** Name of its screenshots. */
  readonly name: string
  readonly path: string
  readonly who: 'anybody' | 'alice'
  /** Brings the page into that state. */
  readonly prepare?: (page: Page) => Promise<void>
}

const APP = 'docker.io/library/app'
const RELEASE = 'https://github.com/BurntSushi/ripgrep/releases/download/14.1.1/ripgrep-14.1.1-x86_64.tar.gz'

/** Every page, and what opens on them. `fill` of console.ts put there what they show. */
export const PLACES: readonly Place[] = [
  { name: 'home', path: '/', who: 'anybody' },
  { name: 'home-converted', path: '/?text=docker+pull+nginx:1.27', who: 'anybody' },
  { name: 'home-file', path: `/?text=${RELEASE}`, who: 'anybody', prepare: convert },
  { name: 'login', path: '/ui/', who: 'anybody' },
  { name: 'first-admin', path: '/ui/setup-admin?token=none', who: 'anybody' },
  { name: 'setup', path: '/ui/setup', who: 'anybody' },
  { name: 'setup-docker', path: '/ui/setup?kind=docker', who: 'alice' },
  { name: 'setup-podman', path: '/ui/setup?kind=podman&strict=1', who: 'alice' },
  { name: 'setup-go', path: '/ui/setup?kind=go', who: 'anybody' },
  { name: 'setup-huggingface', path: '/ui/setup?kind=huggingface', who: 'anybody' },
  { name: 'setup-github', path: '/ui/setup?kind=github', who: 'alice' },
  { name: 'setup-git', path: '/ui/setup?kind=git', who: 'alice' },
  { name: 'overview', path: '/ui/', who: 'alice' },
  { name: 'images', path: '/ui/images', who: 'alice' },
  { name: 'images-tree', path: '/ui/images?view=tree', who: 'alice' },
  { name: 'images-menu', path: '/ui/images', who: 'alice', prepare: openMenu },
  { name: 'images-none', path: '/ui/images?q=no-such-thing', who: 'alice' },
  { name: 'images-selected', path: '/ui/images', who: 'alice', prepare: selectAll },
  { name: 'images-evict', path: '/ui/images', who: 'alice', prepare: openEvict },
  { name: 'repository', path: `/ui/images/${APP}`, who: 'alice' },
  { name: 'repository-digests', path: '/ui/images/docker.io/org/multi?tab=digests', who: 'alice' },
  { name: 'repository-activity', path: `/ui/images/${APP}?tab=activity`, who: 'alice' },
  { name: 'repository-usage', path: `/ui/images/${APP}?tab=usage`, who: 'alice' },
  { name: 'repository-fetch', path: `/ui/images/${APP}`, who: 'alice', prepare: openFetch },
  { name: 'image', path: `/ui/images/${APP}:1.0`, who: 'alice' },
  { name: 'image-index', path: '/ui/images/docker.io/org/multi:latest', who: 'alice' },
  { name: 'image-dockerfile', path: `/ui/images/${APP}:1.0?tab=dockerfile`, who: 'alice' },
  { name: 'image-config', path: `/ui/images/${APP}:1.0?tab=config`, who: 'alice' },
  { name: 'image-manifest', path: `/ui/images/${APP}:1.0?tab=manifest`, who: 'alice' },
  { name: 'image-none', path: '/ui/images/docker.io/library/none:1', who: 'alice' },
  { name: 'files', path: '/ui/files', who: 'alice' },
  { name: 'files-kind', path: '/ui/files?kind=hf', who: 'alice' },
  { name: 'files-none', path: '/ui/files?q=no-such-thing', who: 'alice' },
  { name: 'files-converted', path: `/ui/files?text=${RELEASE}`, who: 'alice', prepare: convert },
  { name: 'files-selected', path: '/ui/files', who: 'alice', prepare: selectAll },
  { name: 'files-evict', path: '/ui/files?kind=git', who: 'alice', prepare: openEvict },
  { name: 'file', path: '/ui/files/file?name=go:golang.org/x/text@v0.3.0', who: 'alice' },
  { name: 'file-shared', path: '/ui/files?q=model.safetensors', who: 'alice', prepare: openFirst },
  { name: 'file-mirror', path: '/ui/files/file?name=git:github.com/octocat/spoon-knife', who: 'alice' },
  { name: 'file-none', path: '/ui/files/file?name=go:golang.org/x/text@v9.9.9', who: 'alice' },
  { name: 'discover', path: '/ui/discover', who: 'alice' },
  { name: 'discover-found', path: '/ui/discover?q=app', who: 'alice' },
  { name: 'discover-tags', path: '/ui/discover?q=app&repository=docker.io/library/app', who: 'alice' },
  {
    name: 'discover-fetch',
    path: '/ui/discover?repository=docker.io/library/app',
    who: 'alice',
    prepare: openFetch,
  },
  { name: 'discover-none', path: '/ui/discover?q=no-such-thing', who: 'alice' },
  { name: 'discover-package', path: `/ui/images/${APP}:1.0`, who: 'alice', prepare: openPackage },
  { name: 'cleanup', path: '/ui/cleanup', who: 'alice' },
  { name: 'cleanup-running', path: '/ui/cleanup', who: 'alice', prepare: showRunning },
  { name: 'activity', path: '/ui/activity', who: 'alice' },
  { name: 'activity-live-none', path: '/ui/activity', who: 'alice', prepare: showNothingLive },
  { name: 'activity-requests', path: '/ui/activity?tab=requests', who: 'alice' },
  { name: 'activity-audit', path: '/ui/activity?tab=audit', who: 'alice' },
  { name: 'activity-clients', path: '/ui/activity?tab=clients', who: 'alice' },
  { name: 'upstreams', path: '/ui/upstreams', who: 'alice' },
  { name: 'settings', path: '/ui/settings', who: 'alice' },
  { name: 'settings-users', path: '/ui/settings?tab=users', who: 'alice' },
  { name: 'settings-keys', path: '/ui/settings?tab=keys', who: 'alice' },
  { name: 'settings-tokens', path: '/ui/settings?tab=tokens', who: 'alice' },
  { name: 'settings-password', path: '/ui/settings?tab=password', who: 'alice' },
  { name: 'settings-appearance', path: '/ui/settings?tab=appearance', who: 'alice' },
  { name: 'settings-about', path: '/ui/settings?tab=about', who: 'alice' },
  { name: 'palette', path: '/ui/settings?tab=about', who: 'alice', prepare: openPalette },
  { name: 'shortcuts', path: '/ui/settings?tab=about', who: 'alice', prepare: openHelp },
  { name: 'no-such-page', path: '/ui/nothing-here', who: 'alice' },
]

/** Goes there and waits until it looks as it should. */
export async function reach(page: Page, { path, prepare }: Place): Promise<void> {
  await visit(page, path)
  await prepare?.(page)
}

async function selectAll(page: Page): Promise<void> {
  await page.locator('thead input[type="checkbox"]').check()
  await page.getByRole('region', { name: /selected|已选/ }).waitFor()
}

async function openMenu(page: Page): Promise<void> {
  await page.locator('.menu summary').click()
  await page.locator('.menu input').first().waitFor()
}

async function convert(page: Page): Promise<void> {
  await page.locator('.converter pre').first().waitFor()
}

async function openFirst(page: Page): Promise<void> {
  await page.locator('tbody tr[data-key] a').first().click()
  await page.locator('h1 button').waitFor()
  await settle(page)
}

/** A clean-up in the middle of its work, as the server tells of it. */
async function showRunning(page: Page): Promise<void> {
  const progress = { done: 312, total: 1480, bytes: 9_126_805_504, bytesTotal: 41_204_318_208 }
  const job = { id: 7, job: 'gc', cause: 'operator', startedAt: 0, progress }
  const event = `event: jobs\ndata: ${JSON.stringify({ items: [job] })}\n\n`
  const body = { contentType: 'text/event-stream', body: event }
  await page.route('**/api/v1/events**', (route) => route.fulfill(body))
  await visit(page, '/ui/cleanup')
  await page.locator('progress').waitFor()
  await page.unroute('**/api/v1/events**')
}

async function openFetch(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /Fetch tag|拉取标签|Fetch into|拉入缓存/ })
    .first()
    .click()
  await page.locator('dialog input').waitFor()
}

/** Two images chosen for a package, and what it will be. */
async function openPackage(page: Page): Promise<void> {
  await page.getByRole('button', { name: /Add to package|加入离线包/ }).click()
  await page.locator('.rail a[href="/ui/discover"]').click()
  await page.locator('main .chip button').waitFor()
  await page.locator('main .primary').first().click()
  await page.locator('main a[download]').waitFor()
}

async function openEvict(page: Page): Promise<void> {
  await page.locator('tbody input[type="checkbox"]').first().check()
  await page.locator('.selection button.danger').click()
  await page.locator('dialog .evict-facts').waitFor()
}

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.locator('.palette input').fill('a')
  await page.locator('dialog [role="option"]').first().waitFor()
}

async function openHelp(page: Page): Promise<void> {
  await page.keyboard.press('?')
  await page.locator('dialog kbd').first().waitFor()
}

/** As half a minute after the last pull, which was by digest: nowhere may a line of that break by itself. */
async function showNothingLive(page: Page): Promise<void> {
  const tag = await page.request.get('/v2/library/app/manifests/1.0')
  await page.request.get(`/v2/library/app/manifests/${tag.headers()['docker-content-digest']}`)
  await page.route('**/api/v1/events**', () => undefined)
  await page.route('**/api/v1/live', (route) => route.fulfill({ json: { pulls: [], flights: [] } }))
  await visit(page, '/ui/activity')
  await page.locator('.empty').getByText('@sha256:').waitFor()
  await page.unroute('**/api/v1/live')
  await page.unroute('**/api/v1/events**')
}

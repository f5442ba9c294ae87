import assert from 'node:assert/strict'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { missing, missingOrNotRoot, run } from '../clients/process.ts'
import { tempDir } from '../support/temp.ts'
import { NO_CHROMIUM, openBrowser, openPage, visit } from './browser.ts'
import { logInAs, startConsole } from './console.ts'

suite('the set-up page', { skip: NO_CHROMIUM }, () => {
  test('is for everybody who may pull, and says when a pull of its own name came', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await visit(page, '/ui/setup')
    await page.getByRole('link', { name: /Podman/ }).click()
    await page.getByRole('heading', { level: 2, name: 'Podman, Buildah' }).waitFor()
    const script = page.getByLabel('Set-up script', { exact: true })
    await script.waitFor()
    assert.match((await script.textContent()) ?? '', new RegExp(cache.url.replace('http://', '')))
    await page.getByText('Waiting for that name').waitFor()
    const command = (await page.getByLabel('Check command', { exact: true }).textContent()) ?? ''
    const [, nonce] = /^podman pull docker\.io\/library\/cachalot-check:([a-z0-9]{20})$/.exec(command) ?? []
    // Anybody else's client of that kind is no sign of this one.
    const headers = { 'user-agent': 'containers/5.36.1 (github.com/containers/image)' }
    for (const tag of ['latest', 'a'.repeat(20)])
      await cache.fetch(`/v2/library/cachalot-check/manifests/${tag}?ns=docker.io`, { headers })
    const looked = page.waitForResponse((answer) => answer.url().includes('/setup/watch'))
    assert.deepEqual(await (await looked).json(), {})
    assert.equal(await page.getByText('This client uses the cache.').count(), 0)
    await cache.fetch(`/v2/library/cachalot-check/manifests/${nonce}?ns=docker.io`, { headers })
    await page.getByText('This client uses the cache.').waitFor()
    await page.getByText('containers/image 5.36.1 at 127.0.0.1').waitFor()
    await page.getByText('as a mirror of docker.io').waitFor()
    assert.match(page.url(), /kind=podman/)
  })

  test('asks for a login where pulling does', async (t) => {
    const { cache } = await startConsole(t, { auth: { anonymous_pull: 'none' } })
    const { page } = await openPage(await openBrowser(t), cache.url)
    await visit(page, '/ui/setup?kind=docker')
    await page.getByText('Pulling from this network needs a login').waitFor()
    await visit(page, '/')
    await page.getByText('Pulling from this network needs a login.').waitFor()
  })

  test('puts options into the script', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await visit(page, '/ui/setup?kind=podman')
    await page.getByText('Options').click()
    await page.getByLabel('Address of this cache').fill('https://cache.example.com')
    await page.getByLabel('Pull key').fill('ck_0123456789abcdefghijklmno')
    const script = page.getByLabel('Set-up script', { exact: true })
    await script.getByText('cache.example.com').waitFor()
    await script.getByText('ck_0123456789abcdefghijklmno').waitFor()
    assert.doesNotMatch(page.url(), /ck_|base=|example/, 'what is typed stays out of addresses')
    await page.getByRole('link', { name: /k3s/ }).click()
    await page.getByRole('heading', { level: 2, name: 'k3s, RKE2' }).waitFor()
    await script.getByText('cache.example.com').waitFor()
  })

  test('writes no address and no certificate into the script that a link names', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await visit(page, '/ui/setup?kind=podman&strict=1&base=https://evil.example&ca=/tmp/evil.pem')
    const script = page.getByLabel('Set-up script', { exact: true })
    await script.getByText(cache.url.replace('http://', '')).first().waitFor()
    assert.doesNotMatch(await page.locator('main').innerText(), /evil/)
    assert.equal(await page.getByLabel('Address of this cache').inputValue(), '')
    assert.equal(await page.getByLabel('Certificate of your own authority').inputValue(), '')
    const plain = await cache.fetch('/setup?kind=podman&base=https://evil.example&ca=/tmp/evil.pem', {
      lint: false,
    })
    assert.equal(plain.status, 200)
    assert.doesNotMatch(plain.body.toString(), /evil/)
  })

  test('sets up clients of files, each with what it takes', async (t) => {
    const { cache } = await startConsole(t)
    const { page } = await openPage(await openBrowser(t), cache.url)
    await visit(page, '/ui/setup')
    await page.getByRole('link', { name: /Hugging Face/ }).click()
    await page.getByRole('heading', { level: 2, name: 'Hugging Face', exact: true }).waitFor()
    await page.getByText(`export HF_ENDPOINT=${cache.url}/hf`).waitFor()
    await page.getByText('Options').click()
    assert.equal(await page.getByLabel('Registries').count(), 0)
    assert.equal(await page.getByText('Never go around the cache').count(), 0)
    await page.getByLabel('Pull key').fill('ck_0123456789abcdefghijklmno')
    await page.getByText(`export HF_ENDPOINT=${cache.url}/k/ck_0123456789abcdefghijklmno/hf`).waitFor()
    await page.getByRole('link', { name: /GitHub files/ }).click()
    await page.getByText(/aria2c -x8 http:\S+\/k\/ck_\w+\/https:\/\/github\.com/).waitFor()
    await page.getByRole('link', { name: /Go modules/ }).click()
    await page.getByText(/^go env -w GOPROXY='\S+\/go,direct'$/).waitFor()
    await page.getByLabel('Never go around the cache').check()
    await page.getByText(/^go env -w GOPROXY=\S+\/go$/).waitFor()
  })

  for (const [kind, program] of [
    ['go', 'go'],
    ['git', 'git'],
    ['github', 'curl'],
  ] as const)
    test(`sees a real ${program} come`, { skip: missing(program) }, async (t) => {
      const { cache } = await startConsole(t)
      const { page } = await openPage(await openBrowser(t), cache.url)
      await visit(page, `/ui/setup?kind=${kind}`)
      await page.getByText('Waiting for that name').waitFor()
      const home = await tempDir(t)
      const env = {
        PATH: process.env['PATH'] ?? '/usr/bin:/bin',
        HOME: home,
        GOFLAGS: '-modcacherw',
        HTTPS_PROXY: 'http://127.0.0.1:9',
      }
      const [first] = await page.locator('.step pre').allInnerTexts()
      // What is shown for github is a download with names to fill in: nothing to apply.
      if (kind !== 'github') await run('sh', ['-c', first ?? ''], { env })
      const check = (await page.getByLabel('Check command', { exact: true }).textContent()) ?? ''
      await assert.rejects(run('sh', ['-c', check], { env }))
      await page.getByText('This client uses the cache.').waitFor()
      await page.getByText(/ at 127\.0\.0\.1/).waitFor()
    })

  const lacking = missingOrNotRoot('podman')
  test('sets up a real podman, and says when it came', { skip: lacking }, async (t) => {
    const { hub, cache } = await startConsole(t)
    hub.addImage('library/hello', { layers: [4096], layerKind: 'tar+gzip', tags: ['1'] })
    const { page } = await openPage(await openBrowser(t), cache.url)
    await logInAs(page, 'carol')
    await visit(page, '/ui/setup?kind=podman')
    await page.getByText('Waiting for that name').waitFor()

    const root = await tempDir(t)
    const client = await podmanIn(root)
    const before = await client.configuration()
    await client.script((await page.getByLabel('Set-up script', { exact: true }).textContent()) ?? '')
    await client.pull('docker.io/library/hello:1')
    assert.ok(hub.requests.count({ kind: 'manifest', repo: 'library/hello' }) > 0)
    await page.getByText('Clients of this kind that asked for something since').waitFor()
    const check = (await page.getByLabel('Check command', { exact: true }).textContent()) ?? ''
    await assert.rejects(client.pull(check.replace('podman pull ', '')))
    await page.getByText('This client uses the cache.').waitFor()
    await page.getByText('docker.io/library/hello').first().waitFor()
    await page
      .getByText(/podman/i)
      .first()
      .waitFor()

    await page.getByText('Undo: a script').click()
    await client.script((await page.getByLabel('Undo script', { exact: true }).textContent()) ?? '')
    assert.deepEqual(await client.configuration(), before)
  })
})

/** A podman whose files all lie in this folder, with a configuration of its own to begin with. */
async function podmanIn(root: string) {
  const etc = join(root, 'etc/containers')
  const file = join(etc, 'registries.conf')
  const home = join(root, 'home')
  await mkdir(etc, { recursive: true })
  await writeFile(file, 'unqualified-search-registries = ["docker.io"]\n')
  await writeFile(join(etc, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}')
  const env = {
    PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    XDG_RUNTIME_DIR: root,
    TMPDIR: root,
    CACHALOT_ROOT: root,
    // Go programs never use a proxy for loopback: only what would leave the machine meets this dead one.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    HTTP_PROXY: 'http://127.0.0.1:9',
  }
  const state = ['--root', join(root, 'store'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')]
  return {
    configuration: async () => [await readdir(etc, { recursive: true }), await readFile(file, 'utf8')],
    script: async (text: string) => void (await run('sh', ['-c', text], { env })),
    pull: async (name: string) => {
      // What stands for the system's files is given to podman as those of its user.
      await cp(etc, join(home, '.config/containers'), { recursive: true })
      await run('podman', [...state, '--storage-driver', 'vfs', 'pull', '--quiet', name], { env })
    },
  }
}

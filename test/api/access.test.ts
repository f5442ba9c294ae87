import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { pullImage } from '../jobs/support.ts'
import { as, type Guarded, startGuarded } from '../security/access-support.ts'
import type { Fetched } from '../support/http.ts'

const API = '/api/v1'

/** Every route, with the least role that it takes, and a body that is fine. */
const ROUTES: readonly (readonly [method: string, path: string, role: string, body?: object])[] = [
  ['GET', '/stats', 'user'],
  ['GET', '/repositories', 'user'],
  ['GET', '/images', 'user'],
  ['GET', '/image?name=library/app:1', 'user'],
  ['GET', '/lookup?name=library/app:1', 'user'],
  ['GET', '/pins', 'operator'],
  ['PUT', '/pins', 'operator', { match: ['docker.io/library/none'] }],
  ['DELETE', '/pins', 'operator', { match: ['docker.io/library/none'] }],
  ['GET', '/jobs', 'operator'],
  ['POST', '/remove', 'operator', { names: ['library/none'], dryRun: true }],
  ['POST', '/gc', 'operator', { dryRun: true }],
  ['POST', '/verify', 'operator', { names: [] }],
  ['POST', '/fetch', 'operator', { names: ['library/app:1'] }],
  ['GET', '/tokens', 'user'],
  ['PUT', '/tokens', 'user', { name: 'mine' }],
  ['DELETE', '/tokens', 'user', { name: 'mine' }],
  ['GET', '/users', 'admin'],
  ['PUT', '/users', 'admin', { name: 'dave', password: 'long enough' }],
  ['DELETE', '/users', 'admin', { name: 'dave' }],
  ['GET', '/config', 'admin'],
  ['GET', '/keys', 'admin'],
  ['PUT', '/keys', 'admin', { name: 'one' }],
  ['DELETE', '/keys', 'admin', { name: 'one' }],
  ['GET', '/audit', 'admin'],
]
const USERS = { bob: 'user', carol: 'operator', alice: 'admin' } as const
const RANKS = ['user', 'operator', 'admin']

interface Call {
  readonly method?: string
  readonly body?: object | undefined
  readonly headers?: Record<string, string>
}

async function call({ cache }: Guarded, path: string, one: Call = {}): Promise<Fetched> {
  return await cache.fetch(`${API}${path}`, {
    method: one.method ?? 'GET',
    headers: { 'content-type': 'application/json', ...one.headers },
    body: one.body === undefined ? '' : JSON.stringify(one.body),
    lint: false,
  })
}

/** What any of the answers may hold. */
interface Told {
  readonly secret: string
  readonly total: number
  readonly nextCursor?: string
  readonly items: readonly {
    readonly name: string
    readonly who: string
    readonly address: string
    readonly action: string
    readonly target: string
    readonly outcome: string
  }[]
}

function jsonOf(answer: Fetched): Told {
  return JSON.parse(answer.body.toString())
}

async function withApp(
  t: Parameters<typeof startGuarded>[0],
  options: Parameters<typeof startGuarded>[1] = {},
) {
  const scene = await startGuarded(t, { ...options, auth: { anonymous_pull: 'all', ...options.auth } })
  const app = scene.hub.addImage('library/app', { tags: ['1', '2'] })
  const hidden = scene.hub.addImage('library/hidden', { tags: ['1'] })
  await pullImage(scene.cache, app, { repo: 'library/app', tag: '1' })
  await pullImage(scene.cache, hidden, { repo: 'library/hidden', tag: '1' }).catch(() => undefined)
  return { ...scene, app }
}

suite('the API over the network', () => {
  test('lets everybody do what their role allows, and nothing else', async (t) => {
    const scene = await withApp(t)
    for (const [method, path, role, body] of ROUTES) {
      const nobody = await call(scene, path, { method, body })
      assert.deepEqual([nobody.status, method, path], [401, method, path])
      assert.match(nobody.headers['www-authenticate'] ?? '', /^Basic realm="Cachalot"/)
      for (const [name, own] of Object.entries(USERS)) {
        const { status, body: said } = await call(scene, path, { method, body, headers: as(name) })
        const isAllowed = RANKS.indexOf(own) >= RANKS.indexOf(role)
        assert.equal(status === 403, !isAllowed, `${name}: ${method} ${path}: ${status} ${said.toString()}`)
        assert.ok(status < 500 && status !== 401, `${name}: ${method} ${path}: ${status}`)
      }
    }
  })

  test('does nothing for a wrong password or a pull key, and slows those who guess', async (t) => {
    const scene = await withApp(t)
    const wrong = await call(scene, '/stats', { headers: as('alice', 'guess') })
    assert.equal(wrong.status, 401)
    const made = await call(scene, '/keys', { method: 'PUT', body: { name: 'nas' }, headers: as('alice') })
    const { secret } = jsonOf(made)
    const keyed = await scene.cache.fetch(`/k/${secret}${API}/stats`, { lint: false })
    assert.equal(keyed.status, 404)
    let answer = wrong
    for (let n = 0; n < 6; n++) answer = await call(scene, '/stats', { headers: as('alice', `guess ${n}`) })
    assert.equal(answer.status, 429)
    assert.match(answer.headers['retry-after'] ?? '', /^[1-9]\d*$/)
  })

  test('takes no orders from other sites', async (t) => {
    const scene = await withApp(t)
    const order = (headers: Record<string, string>) =>
      call(scene, '/gc', { method: 'POST', body: { dryRun: true }, headers: { ...as('carol'), ...headers } })
    const own = { origin: scene.cache.url, 'sec-fetch-site': 'same-origin' }
    assert.equal((await order(own)).status, 200)
    assert.equal((await order({})).status, 200)
    for (const foreign of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ])
      assert.equal((await order(foreign)).status, 403, JSON.stringify(foreign))
  })

  test('shows users nothing of what rules keep from them; operators see what takes room', async (t) => {
    const scene = await withApp(t, {
      rule: [{ effect: 'deny', match: ['docker.io/library/hidden'], users: ['bob'] }],
    })
    const names = async (name: string, path: string) => jsonOf(await call(scene, path, { headers: as(name) }))
    for (const path of ['/images', '/repositories']) {
      const shown = await names('bob', path)
      assert.deepEqual([shown.items.length, shown.total], [1, 1], path)
      assert.match(shown.items[0]?.name ?? '', /library\/app/)
      assert.equal((await names('carol', path)).items.length, 2, path)
    }
    const digest = scene.app.layers[0]?.digest
    for (const path of [
      '/image?name=library/hidden:1',
      '/lookup?name=library/hidden:1',
      `/lookup?name=${digest}`,
    ]) {
      assert.equal((await call(scene, path, { headers: as('bob') })).status, 403, path)
      assert.equal((await call(scene, path, { headers: as('carol') })).status, 200, path)
    }
    const absent = await call(scene, '/lookup?name=library/hidden:never', { headers: as('bob') })
    assert.equal(absent.status, 403, 'whether it is there is not told')
  })

  test('tells users nothing of hidden names in cursors, tags, titles and numbers', async (t) => {
    const hidden = ['docker.io/library/hidden', 'docker.io/library/app:2']
    const scene = await withApp(t, { rule: [{ effect: 'deny', match: hidden, users: ['bob'] }] })
    const second = scene.hub.addImage('library/zoo', { tags: ['1'] })
    await pullImage(scene.cache, second, { repo: 'library/zoo', tag: '1' })
    await scene.cache.fetch('/v2/library/app/manifests/2')
    for (const path of ['/images', '/repositories']) {
      const names: string[] = []
      let cursor: string | undefined
      do {
        const asked = `${path}?limit=1${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`
        const page = jsonOf(await call(scene, asked, { headers: as('bob') }))
        names.push(...page.items.map(({ name }) => name))
        cursor = page.nextCursor
        const told = Buffer.from(cursor ?? '', 'base64').toString()
        assert.doesNotMatch(told, /hidden/, path)
      } while (cursor !== undefined)
      assert.ok(names.includes(path === '/images' ? 'docker.io/library/zoo:1' : 'docker.io/library/zoo'))
      assert.doesNotMatch(names.join(' '), /hidden|app:2/)
    }
    const image = await call(scene, '/image?name=library/app:1', { headers: as('bob') })
    assert.doesNotMatch(image.body.toString(), /app:2|"tag":"2"|hidden/)
    const stats = await call(scene, '/stats', { headers: as('bob') })
    assert.doesNotMatch(stats.body.toString(), new RegExp(`docker.io|${scene.cache.dataDir}`))
  })

  test('fetches nothing that a rule keeps from whoever asks, or from being kept', async (t) => {
    const rule = [
      { effect: 'deny', match: ['docker.io/library/hidden'] },
      { effect: 'deny', match: ['docker.io/library/big'], actions: ['store'] },
    ]
    const scene = await withApp(t, { rule })
    scene.hub.addImage('library/big', { tags: ['1'] })
    scene.hub.requests.clear()
    for (const name of ['library/hidden:1', 'library/big:1', 'hidden:1']) {
      const answer = await call(scene, '/fetch', {
        method: 'POST',
        body: { names: [name] },
        headers: as('carol'),
      })
      assert.equal(answer.status, 403, name)
    }
    assert.equal(scene.hub.requests.count(), 0)
  })

  test('writes down who changed what, and who tried to', async (t) => {
    const scene = await withApp(t)
    const change = (name: string, method: string, path: string, body: object) =>
      call(scene, path, { method, body, headers: as(name) })
    await change('carol', 'PUT', '/pins', { match: ['docker.io/library/app:2'], reason: 'why' })
    await change('carol', 'POST', '/remove', { names: ['library/app:1'], dryRun: false })
    await change('alice', 'PUT', '/keys', { name: 'nas' })
    await change('alice', 'PUT', '/keys', { name: 'nas' })
    await change('bob', 'DELETE', '/keys', { name: 'nas' })
    const { items, nextCursor } = jsonOf(await call(scene, '/audit?limit=5', { headers: as('alice') }))
    const told = items.map(({ who, address, action, target, outcome }) => [
      who,
      address,
      action,
      target,
      outcome,
    ])
    const at = '127.0.0.1'
    assert.deepEqual(
      told.filter(([, , action]) => action !== 'login'),
      [
        ['bob', at, 'api', 'DELETE /api/v1/keys', 'refused'],
        ['alice', at, 'key.add', 'nas', 'refused'],
        ['alice', at, 'key.add', 'nas', 'ok'],
      ],
    )
    assert.ok(nextCursor !== undefined)
    const rest = jsonOf(await call(scene, `/audit?cursor=${nextCursor}`, { headers: as('alice') }))
    const acts = rest.items.map(({ action, target, outcome }) => `${action} ${target} ${outcome}`)
    assert.ok(acts.includes('pin docker.io/library/app:2 ok'))
    assert.ok(acts.includes('remove library/app:1 ok'))
  })
})

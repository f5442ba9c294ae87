import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { useUpstreams } from './access-spellings.ts'
import { as, startKeyed, withKey } from './access-support.ts'

/** SEC-05 */
test('a key is seen by nobody but who has it', async (t) => {
  const { ask, cache, hub, key } = await startKeyed(t, {
    rule: [{ effect: 'deny', match: ['docker.io/evil/**'] }],
  })
  await useUpstreams({ cache, hub })
  hub.addImage('library/app', { tags: ['1', '2', '3'] })
  const cut = key.slice(0, -3)
  const places = [
    ...[
      '/v2/app/manifests/1',
      '/v2/app/manifests/none',
      '/v2/evil/x/tags/list',
      '/v2/nowhere.test/x/tags/list',
      '/v2/a%20b/tags/list',
      '/v2/',
      '/nothing',
      '/',
    ].flatMap((path) =>
      [key, cut, key.toUpperCase(), key.replace('_', '%5f'), `${key}x`].flatMap((one) => withKey(one, path)),
    ),
    // Where people put it by mistake.
    ...[key, cut].flatMap((one) => [
      `/docker.io/v2/k/${one}/library/app/manifests/1`,
      `/v2/docker.io/k/${one}/library/app/manifests/1`,
      `/docker.io/k/${one}/v2/library/app/manifests/1`,
      `/v2/app/manifests/1?ns=k/${one}`,
      `/v2/app/manifests/1?ns=${one}`,
      `/v2/app/manifests/1?key=${one}`,
      `/v2/${one}/library/app/manifests/1`,
      `/v2/%6b/${one}/library/app/manifests/1`,
    ]),
  ]
  const secret = new RegExp(cut.slice(3), 'i')
  for (const path of places) {
    for (const method of path.includes('?ns=') ? ['GET', 'HEAD'] : ['GET', 'HEAD', 'DELETE', 'PUT']) {
      const { headers, body } = await ask(path, as('carol'), method)
      const { link: _link, ...rest } = headers
      // Who sent it as the name of a registry is told that there is none of that name.
      if (!path.includes('ns='))
        assert.doesNotMatch(`${JSON.stringify(rest)} ${body.toString('latin1')}`, secret, `${method} ${path}`)
    }
  }
  await cache.restart()
  for (const entry of cache.log.entries) assert.doesNotMatch(JSON.stringify(entry), secret)
  for (const { path, query, headers } of hub.requests.list())
    assert.doesNotMatch(`${path} ${query} ${JSON.stringify(headers)}`, secret)
  for (const name of await readdir(cache.dataDir, { recursive: true })) {
    assert.doesNotMatch(name, secret)
    const bytes = await readFile(join(cache.dataDir, name)).catch(() => Buffer.alloc(0))
    assert.doesNotMatch(bytes.toString('latin1'), secret, name)
  }
})

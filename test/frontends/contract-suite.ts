import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import type { ConfigTables } from '../support/cachalot.ts'
import { type FakeClock, fakeClock } from '../support/clock.ts'
import { ask, assertWhole, type Contract, type ContractLab, kept } from './contract.ts'

interface Scene {
  readonly contract: Contract
  readonly clock: FakeClock
  readonly lab: ContractLab
}

/** What every front end has to do, whatever its protocol looks like. */
export function runContract(contract: Contract): void {
  const scene = async (t: TestContext, config: ConfigTables = {}): Promise<Scene> => {
    const clock = fakeClock()
    return { contract, clock, lab: await contract.start(t, { clock, config }) }
  }
  suite(`the contract of ${contract.name}`, () => {
    fetching(scene)
    ranges(scene)
    freshness(scene)
    trouble(scene)
    permission(scene)
  })
}

type Start = (t: TestContext, config?: ConfigTables) => Promise<Scene>

function fetching(scene: Start): void {
  test('cold it is fetched, warm it is here', async (t) => {
    const { lab } = await scene(t)
    for (const { path, bytes } of [lab.lasting, lab.changing]) {
      assertWhole(await ask(lab, path), bytes, 'miss')
      await kept(lab, path)
      lab.upstream.forget()
      assertWhole(await ask(lab, path), bytes, 'hit')
      assert.equal(lab.upstream.asked(), 0)
    }
  })

  test('eight clients at once cost one body', async (t) => {
    const { lab } = await scene(t)
    const { path, bytes } = lab.lasting
    lab.upstream.pace(4_000_000)
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(lab, path)))
    for (const answer of answers) assertWhole(answer, bytes, 'miss', 'joined')
    assert.equal(answers.filter(({ headers }) => headers['x-cache'] === 'miss').length, 1)
    assert.equal(lab.upstream.bodies(), 1)
  })

  test('HEAD moves no body and says what GET would', async (t) => {
    const { lab } = await scene(t)
    const { path, bytes } = lab.lasting
    const cold = await ask(lab, path, { method: 'HEAD' })
    assert.equal(cold.status, 200)
    assert.equal(cold.headers['content-length'], String(bytes.length))
    assert.equal(lab.upstream.bodies(), 0)
    await ask(lab, path)
    await kept(lab, path)
    const warm = await ask(lab, path, { method: 'HEAD' })
    const got = await ask(lab, path)
    for (const name of ['content-length', 'content-type', 'etag', 'accept-ranges', 'x-cache'] as const)
      assert.equal(warm.headers[name], got.headers[name], name)
    assert.equal(warm.body.length, 0)
  })

  test('what a client has already is not sent again', async (t) => {
    const { lab } = await scene(t)
    for (const { path } of [lab.lasting, lab.changing]) {
      await ask(lab, path)
      await kept(lab, path)
      const { etag } = (await ask(lab, path)).headers
      assert.ok(etag, `ETag of ${path}`)
      const same = await ask(lab, path, { headers: { 'if-none-match': `"other", ${etag}` } })
      assert.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag])
      const other = await ask(lab, path, { headers: { 'if-none-match': '"other"' } })
      assert.equal(other.status, 200)
    }
  })
}

function ranges(scene: Start): void {
  const size = (lab: ContractLab): number => lab.lasting.bytes.length
  const cases = [
    { name: 'the first bytes', range: () => 'bytes=0-99', start: () => 0, end: () => 100 },
    { name: 'the middle', range: () => 'bytes=300000-300999', start: () => 300_000, end: () => 301_000 },
    {
      name: 'the last bytes',
      range: () => 'bytes=-100',
      start: (lab: ContractLab) => size(lab) - 100,
      end: size,
    },
    { name: 'from the middle on', range: () => 'bytes=500000-', start: () => 500_000, end: size },
  ]
  for (const { name, range, start, end } of cases) {
    test(`a range of ${name}, cold and warm`, async (t) => {
      const { lab } = await scene(t)
      const { path, bytes } = lab.lasting
      const cold = await ask(lab, path, { headers: { range: range() } })
      await kept(lab, path)
      const warm = await ask(lab, path, { headers: { range: range() } })
      for (const answer of [cold, warm]) {
        assert.equal(answer.status, 206)
        const wanted = `bytes ${start(lab)}-${end(lab) - 1}/${size(lab)}`
        assert.equal(answer.headers['content-range'], wanted)
        assert.ok(answer.body.equals(bytes.subarray(start(lab), end(lab))))
      }
      assert.equal(lab.upstream.bodies(), 1)
    })
  }

  test('a range that lies outside is refused, with the length', async (t) => {
    const { lab, contract } = await scene(t)
    const { path } = lab.lasting
    await ask(lab, path)
    await kept(lab, path)
    const answer = await ask(lab, path, { headers: { range: `bytes=${size(lab)}-` } })
    assert.equal(answer.status, 416)
    assert.equal(answer.headers['content-range'], `bytes */${size(lab)}`)
    contract.assertError(answer)
  })

  test('a cut in the middle is noticed by nobody', async (t) => {
    const { lab } = await scene(t)
    const { path, bytes } = lab.lasting
    lab.upstream.cutNext(400_000)
    assertWhole(await ask(lab, path), bytes, 'miss')
    await kept(lab, path)
    assertWhole(await ask(lab, path), bytes, 'hit')
  })
}

function freshness(scene: Start): void {
  test('what is due is confirmed without a body', async (t) => {
    const { lab, clock, contract } = await scene(t)
    const { path, bytes } = lab.changing
    await ask(lab, path)
    await kept(lab, path)
    clock.advance(contract.ttl + 1000)
    lab.upstream.forget()
    assertWhole(await ask(lab, path), bytes, 'revalidated')
    assert.equal(lab.upstream.bodies(), 0)
    assert.ok(lab.upstream.asked() > 0)
    assertWhole(await ask(lab, path), bytes, 'hit')
  })

  test('what moved is replaced', async (t) => {
    const { lab, clock, contract } = await scene(t)
    const { path } = lab.changing
    await ask(lab, path)
    await kept(lab, path)
    const bytes = lab.changing.change()
    clock.advance(contract.ttl + 1000)
    assertWhole(await ask(lab, path), bytes, 'miss', 'revalidated')
    await kept(lab, path)
    assertWhole(await ask(lab, path), bytes, 'hit')
  })

  test('while its upstream is down, what is due is served stale, and says so', async (t) => {
    const { lab, clock, contract } = await scene(t)
    for (const { path } of [lab.changing, lab.lasting]) {
      await ask(lab, path)
      await kept(lab, path)
    }
    await lab.upstream.stop()
    clock.advance(contract.ttl + 1000)
    const stale = await ask(lab, lab.changing.path)
    assertWhole(stale, lab.changing.bytes, 'stale')
    assert.match(String(stale.headers['warning']), /^299 - "served stale: /)
    assertWhole(await ask(lab, lab.lasting.path), lab.lasting.bytes, 'hit')
  })

  for (const status of [401, 403, 404, 429, 500, 503]) {
    test(`while its upstream answers ${status}, what is due is served stale, or gone`, async (t) => {
      const { lab, clock, contract } = await scene(t)
      const { path, bytes } = lab.changing
      await ask(lab, path)
      await kept(lab, path)
      clock.advance(contract.ttl + 1000)
      lab.upstream.refuse({ status })
      const answer = await ask(lab, path)
      if (status === 404 && contract.followsDeletion === true) {
        assert.equal(answer.status, contract.statuses.missing)
      } else assertWhole(answer, bytes, 'stale')
    })
  }
}

function trouble(scene: Start): void {
  test('what is not here while its upstream is down is an error in words of the protocol', async (t) => {
    const { lab, contract } = await scene(t)
    await lab.upstream.stop()
    for (const { path } of [lab.lasting, lab.changing]) {
      const answer = await ask(lab, path)
      assert.equal(answer.status, contract.statuses.down, path)
      contract.assertError(answer)
    }
  })

  test('what the upstream does not have is asked for once in a while', async (t) => {
    const { lab, contract } = await scene(t)
    const first = await ask(lab, lab.missing)
    assert.equal(first.status, contract.statuses.missing)
    contract.assertError(first)
    lab.upstream.forget()
    assert.equal((await ask(lab, lab.missing)).status, contract.statuses.missing)
    assert.equal((await ask(lab, lab.missing, { method: 'HEAD' })).status, contract.statuses.missing)
    assert.equal(lab.upstream.asked(), 0)
  })

  test('an upstream that fails is no answer of ours, and nothing of it stays', async (t) => {
    const { lab, contract } = await scene(t)
    const { path, bytes } = lab.lasting
    lab.upstream.refuse({ status: 500 })
    const failed = await ask(lab, path)
    assert.equal(failed.status, contract.statuses.failed)
    contract.assertError(failed)
    lab.upstream.refuse(undefined)
    assertWhole(await ask(lab, path), bytes, 'miss')
  })

  test('an upstream that has enough of us is said so, with the time', async (t) => {
    const { lab, contract } = await scene(t)
    lab.upstream.refuse({ status: 429, headers: { 'Retry-After': '7' } })
    const answer = await ask(lab, lab.changing.path)
    assert.equal(answer.status, contract.statuses.limited)
    assert.equal(answer.headers['retry-after'], '7')
    contract.assertError(answer)
  })

  test('names that make no sense are refused before anybody is asked', async (t) => {
    const { lab, contract } = await scene(t)
    for (const { path, status } of contract.malformed) {
      const answer = await ask(lab, path)
      assert.equal(answer.status, status, path)
      contract.assertError(answer)
    }
    assert.equal(lab.upstream.asked(), 0)
  })

  test('content larger than allowed is refused, and nothing of it stays', async (t) => {
    const { lab, contract } = await scene(t)
    if (contract.small === undefined) return t.skip('this protocol has no such limit')
    const { lab: narrow } = await scene(t, contract.small)
    const answer = await ask(narrow, narrow.lasting.path)
    assert.equal(answer.status, contract.statuses.tooLarge)
    contract.assertError(answer)
    assertWhole(await ask(lab, lab.lasting.path), lab.lasting.bytes, 'miss')
  })
}

function permission(scene: Start): void {
  const rule = (contract: Contract, actions: readonly string[]) => ({
    rule: [{ effect: 'deny', match: [contract.match], actions }],
  })

  test('what a rule denies is denied, whether it is here or not, and nobody is asked', async (t) => {
    const { contract } = await scene(t)
    const { lab } = await scene(t, rule(contract, ['pull']))
    for (const path of [lab.lasting.path, lab.changing.path, lab.missing])
      for (const method of ['GET', 'HEAD']) {
        const answer = await ask(lab, path, { method })
        assert.equal(answer.status, contract.statuses.denied, `${method} ${path}`)
        if (method === 'GET') contract.assertError(answer)
      }
    assert.equal(lab.upstream.asked(), 0)
  })

  test('what may not be stored is served and not kept', async (t) => {
    const { contract } = await scene(t)
    const { lab } = await scene(t, rule(contract, ['store']))
    for (const { path, bytes } of [lab.lasting, lab.changing]) {
      assertWhole(await ask(lab, path), bytes, 'bypass')
      assertWhole(await ask(lab, path), bytes, 'bypass')
    }
  })

  test('a pull key in the path is all it takes, and is in no answer', async (t) => {
    const { lab, contract } = await scene(t, { auth: { anonymous_pull: 'none' } })
    if (lab.addKey === undefined) return t.skip('no keys here')
    const key = await lab.addKey()
    const path = contract.keyed?.(key, lab.changing.path) ?? `/k/${key}${lab.changing.path}`
    const refused = await ask(lab, lab.changing.path)
    assert.equal(refused.status, 401)
    contract.assertError(refused)
    const answer = await ask(lab, path)
    assertWhole(answer, lab.changing.bytes, 'miss')
    assert.equal(JSON.stringify(answer.headers).includes(key), false)
    assert.equal(lab.cache.log.text().includes(key), false)
    const wrong = await ask(lab, path.replace(key, 'ck_0123456789abcdefghijklmno'))
    assert.equal(wrong.status, 401)
  })
}

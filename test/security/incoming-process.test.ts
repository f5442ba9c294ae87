import assert from 'node:assert/strict'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { createLab } from '../cli/lab.ts'
import { assertNoParts, manifestPath } from '../e2e/support.ts'
import { request, sendRaw } from '../http/raw.ts'
import { fetchAll } from '../support/http.ts'

/** The program started as somebody would who never thought of a umask. */
function forgetUmask(t: TestContext): void {
  const before = process.umask(0)
  t.after(() => void process.umask(before))
}

async function modesBelow(folder: string): Promise<Map<string, number>> {
  const names = await readdir(folder, { recursive: true })
  const modes = names.map(
    async (name): Promise<[string, number]> => [name, (await stat(join(folder, name))).mode & 0o777],
  )
  return new Map(await Promise.all(modes))
}

/** SEC-59 */
suite('files of ours', () => {
  test('are for our user and group, whatever the umask and the mode of the folder', async (t) => {
    forgetUmask(t)
    const lab = await createLab(t)
    await mkdir(lab.data, { mode: 0o777 })
    const image = lab.hub.addImage('library/app', { tags: ['1'], layers: 2 })
    const server = await lab.serve()
    await fetchAll(`${server.url}${manifestPath('1')}`)
    for (const { digest } of [image.config, ...image.layers])
      await fetchAll(`${server.url}/v2/library/app/blobs/${digest}`)
    await assertNoParts(lab.data)
    const running = await modesBelow(lab.data)
    server.child.kill('SIGTERM')
    await server.ended
    const stopped = await modesBelow(lab.data)
    for (const [name, mode] of [...running, ...stopped])
      assert.equal(mode & 0o007, 0, `${name} is ${mode.toString(8)}`)
    assert.equal(running.get('cachalot.sock'), 0o600)
    const indexes = [...running.keys()].filter((name) => name.startsWith('cachalot.db'))
    assert.ok(indexes.length >= 2 && stopped.has('cachalot.db.snapshot'), String([...stopped.keys()]))
  })
})

const ESCAPES = ['\u001b[31m', '\u001b]0;pwned\u0007', '\u009b31m', '\u0008\u0008', '\t', '\u007f', '\u0001']

/** SEC-62 */
suite('the log of a program that strangers write to', () => {
  for (const format of ['text', 'json']) {
    test(`holds one line per event and nothing that a terminal obeys (${format})`, async (t) => {
      const lab = await createLab(t, `[log]\nformat = "${format}"\nlevel = "debug"`)
      const { url, text } = await lab.serve()
      const port = Number(new URL(url).port)
      const before = text().length
      const forged = 'x\r\n{"level":"info","msg":"forged"}\r\n'
      lab.hub.faults.add({
        fault: { status: 403, body: `${ESCAPES.join('no')}\n{"level":"info","msg":"forged"}` },
      })
      for (const [i, escape] of ESCAPES.entries()) {
        // Bytes below 0x20 but for tabs end the request; what is above reaches us.
        await sendRaw(port, request(`/v2/a${i}/manifests/x`, [`User-Agent: a${escape}b`, `X: ${escape}`]))
        await sendRaw(port, request(`/v2/a${escape}b/manifests/x${escape}`))
        const escaped = encodeURIComponent(escape)
        await sendRaw(
          port,
          request(`/v2/a${escaped}/manifests/${escaped}?ns=${escaped}`, [`Accept: ${escape}`]),
        )
      }
      await sendRaw(port, request(`/v2/${encodeURIComponent(forged)}/manifests/x`))
      await sendRaw(port, request('/v2/last/manifests/the-last-one'))
      await lab.hub.requests.waitFor(({ path }) => path.includes('the-last-one'))
      while (!text().includes('the-last-one')) await new Promise((resolve) => setTimeout(resolve, 10))
      const said = text().slice(before)
      // oxlint-disable-next-line no-control-regex -- these are the ones meant
      assert.doesNotMatch(said, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
      const lines = said.split('\n').filter((line) => line !== '')
      assert.ok(lines.length > 5, said)
      if (format === 'json') for (const line of lines) assert.notEqual(JSON.parse(line).msg, 'forged')
      else for (const line of lines) assert.match(line, /^\d\d:\d\d:\d\d|^\[\d\d:\d\d/, line)
    })
  }
})

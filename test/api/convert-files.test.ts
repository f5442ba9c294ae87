import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Converted } from '../../src/api/contract-setup.ts'
import { type SetupServer, startSetup } from './setup-support.ts'

const host = 'cache.lan:5000'
const COMMIT = '0123456789abcdef0123456789abcdef01234567'

async function converted(server: SetupServer, text: string): Promise<Converted> {
  const { status, body } = await server.convert(text, { host })
  assert.equal(status, 200, `${text}: ${body.toString()}`)
  return JSON.parse(body.toString())
}

async function problem(server: SetupServer, text: string): Promise<string> {
  const { status, body } = await server.convert(text, { host })
  const { error } = JSON.parse(body.toString()) as { error?: { code: string } } // the shape of every error
  return `${status} ${error?.code ?? ''}`
}

/** What people paste, what it is called, and where this cache has it. */
const FILES: Readonly<Record<string, readonly [name: string, path?: string]>> = {
  'https://github.com/Owner/Repo/releases/download/v1.0/a.tgz': [
    'github:owner/repo/releases/download/v1.0/a.tgz',
    '/https://github.com/Owner/Repo/releases/download/v1.0/a.tgz',
  ],
  'curl -fsSL https://raw.githubusercontent.com/o/r/main/install.sh | sh': [
    'github:o/r/raw/main/install.sh',
    '/https://raw.githubusercontent.com/o/r/main/install.sh',
  ],
  'github.com/o/r/archive/refs/tags/v1.zip': [
    'github:o/r/archive/refs/tags/v1.zip',
    '/https://github.com/o/r/archive/refs/tags/v1.zip',
  ],
  'https://github.com/o/r/releases/latest/download/a.tgz': [
    'github:o/r/releases/latest/download/a.tgz',
    '/https://github.com/o/r/releases/latest/download/a.tgz',
  ],
  'https://gist.github.com/user/0123abcd/raw/a.txt': [
    'github:gist/0123abcd/raw/a.txt',
    '/https://gist.github.com/user/0123abcd/raw/a.txt',
  ],
  [`http://${host}/https://github.com/o/r/releases/download/v1/a.tgz`]: [
    'github:o/r/releases/download/v1/a.tgz',
    '/https://github.com/o/r/releases/download/v1/a.tgz',
  ],
  [`${host}/gh/o/r/releases/download/v1/a.tgz`]: [
    'github:o/r/releases/download/v1/a.tgz',
    '/https://github.com/o/r/releases/download/v1/a.tgz',
  ],
  'git clone https://github.com/Owner/Repo.git': [
    'git:github.com/owner/repo',
    '/https://github.com/Owner/Repo',
  ],
  'git@github.com:o/r.git': ['git:github.com/o/r', '/https://github.com/o/r'],
  'git clone --depth 1 ssh://git@github.com/o/r.git folder': [
    'git:github.com/o/r',
    '/https://github.com/o/r',
  ],
  'https://github.com/o/r': ['git:github.com/o/r', '/https://github.com/o/r'],
  'https://github.com/o/r/tree/main/src': ['git:github.com/o/r', '/https://github.com/o/r'],
  'github:o/r': ['git:github.com/o/r', '/https://github.com/o/r'],
  'https://huggingface.co/org/model': ['hf:org/model'],
  'https://huggingface.co/gpt2/tree/main': ['hf:gpt2@main'],
  'https://huggingface.co/datasets/org/data': ['hf:datasets/org/data'],
  'https://huggingface.co/org/model/blob/main/config.json': [
    'hf:org/model@main/config.json',
    '/hf/org/model/resolve/main/config.json',
  ],
  'https://hf.co/org/model/resolve/refs%2Fpr%2F1/a%20b.json?download=true': [
    'hf:org/model@refs/pr/1/a b.json',
    '/hf/org/model/resolve/refs%2Fpr%2F1/a%20b.json',
  ],
  [`hf:org/model/${COMMIT}/config.json`]: [
    `hf:org/model/${COMMIT}/config.json`,
    `/hf/org/model/resolve/${COMMIT}/config.json`,
  ],
  'hf download org/model': ['hf:org/model'],
  'huggingface-cli download --repo-type dataset org/data a.csv': [
    'hf:datasets/org/data@main/a.csv',
    '/hf/datasets/org/data/resolve/main/a.csv',
  ],
  'go get golang.org/x/text@v0.3.0': ['go:golang.org/x/text@v0.3.0'],
  'GOFLAGS=-mod=mod go install golang.org/x/tools/...@latest': ['go:golang.org/x/tools'],
  'golang.org/x/text@v0.3.0': ['go:golang.org/x/text@v0.3.0'],
  'https://proxy.golang.org/github.com/!burnt!sushi/toml/@v/v1.0.0.zip': [
    'go:github.com/BurntSushi/toml@v1.0.0',
  ],
  'https://pkg.go.dev/golang.org/x/text@v0.3.0': ['go:golang.org/x/text@v0.3.0'],
}

suite('GET /convert of files', () => {
  test('addresses, names and commands become those of this cache', async (t) => {
    const server = await startSetup(t)
    for (const [text, [name, path]] of Object.entries(FILES)) {
      const found = await converted(server, text)
      assert.equal(found.name, name, text)
      assert.equal(found.kind, name.split(':')[0], text)
      assert.equal(found.url, path === undefined ? undefined : `http://${host}${path}`, text)
      assert.ok(found.lines.length > 0, text)
      for (const line of found.lines) assert.ok(line.text.includes(host), line.text)
      // What it is called is understood as well as what was pasted.
      const again = await converted(server, found.name)
      assert.deepEqual([again.name, again.kind], [found.name, found.kind], text)
    }
  })

  test('what leads to nothing that is kept, and what nobody may have', async (t) => {
    const server = await startSetup(t, { toml: '[[rule]]\neffect = "deny"\nmatch = ["github:secret/**"]\n' })
    for (const [text, said] of Object.entries({
      'https://github.com/o/r/issues/1': '400 bad_request',
      'https://user:secret@github.com/o/r/releases/download/v1/a.tgz': '400 bad_request',
      'https://github.com/o/r/raw/main/a?token=abc': '400 bad_request',
      'https://huggingface.co/settings/tokens/a/b/c': '400 bad_request',
      'hf:org/../model': '400 bad_request',
      'go:nothing': '400 bad_request',
      'github:secret/repo/raw/main/a': '403 denied',
      'git clone https://github.com/secret/repo': '403 denied',
      'https://github.com/Org/app/pkgs/container/app': '200 ',
    }))
      assert.equal(await problem(server, text), said, text)
  })
})

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { nameOfAsked, textOfAsked } from '../../src/api/asked-file.ts'
import { convertedFile } from '../../src/api/converted.ts'
import { parseAsked, requireAsked } from '../../src/api/file-address.ts'
import { loadConfig } from '../../src/config/load.ts'
import { AppError } from '../../src/domain/errors.ts'
import { parseBase } from '../../src/setup/address.ts'
import { fileIn } from '../../src/setup/file-text.ts'
import { tempDir } from '../support/temp.ts'

const PIECES = [
  'go:',
  'hf:',
  'github:',
  'git:',
  'https://',
  'http://',
  'ssh://git@',
  'git@',
  'git clone ',
  'hf download ',
  'github.com',
  'huggingface.co',
  'proxy.golang.org',
  'pkg.go.dev',
  'cache.lan',
  'git.lan:3000',
  'golang.org',
  '/',
  '@',
  ':',
  '//',
  '?',
  '#',
  '%',
  '%2f',
  '%zz',
  '..',
  '!a',
  ' ',
  '\u0000',
  '\ud800',
  'é',
  '@v',
  'v1.0.0',
  '.zip',
  '/owner/repo',
  '/releases/download/v1/',
  '/blob/',
  '/resolve/',
  '/tree/',
  '/raw/',
  '/archive/',
  'main',
  '.git',
  'datasets',
  'a'.repeat(50),
  '0123456789abcdef0123456789abcdef01234567',
  'refs/pr/1',
  'latest',
  '/hf/',
  '/go/',
]

const BEGINNINGS = [
  '',
  'https://github.com/owner/repo',
  'github:owner/repo',
  'https://raw.githubusercontent.com/o/r',

  'hf:org/model',
  'hf:org/model@',
  'https://huggingface.co/org/model',
  'go:golang.org/x/text',
  'git:github.com/o/r',
  'https://proxy.golang.org/golang.org/x/text',
  'http://cache.lan',
  'git clone https://git.lan:3000/a/b',
]

test('whatever is pasted is a file, is none, or is refused; and what it is called means the same', async (t) => {
  const file = join(await tempDir(t), 'config.toml')
  writeFileSync(file, '[git]\nhosts = ["github.com", "http://git.lan:3000"]\n')
  const { config } = loadConfig({ file, env: {} })
  const parsed = (text: string) => {
    try {
      return parseAsked(text, config, ['cache.lan'])
    } catch (error) {
      if (error instanceof AppError) return undefined
      throw error
    }
  }
  let found = 0
  const piece = fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 }))
  const texts = fc
    .tuple(fc.constantFrom(...BEGINNINGS), fc.array(piece, { maxLength: 6 }))
    .map(([begin, pieces]) => [begin, ...pieces])
  fc.assert(
    fc.property(texts, (pieces) => {
      const text = pieces.join('')
      const asked = parsed(text) ?? parsed(fileIn(text))
      // Nobody can tell a model called "raw" from what is asked for raw of another one, nor what ends in .git twice.
      if (asked === undefined || /(?:\/raw|\.git)$/.test(nameOfAsked(asked).repository)) return
      found++
      const again = parsed(textOfAsked(asked))
      assert.ok(again !== undefined, textOfAsked(asked))
      assert.deepEqual(nameOfAsked(again), nameOfAsked(asked), text)
      assert.ok(convertedFile(asked, parseBase('http://cache.lan')).lines.length > 0)
    }),
    { numRuns: 5000 },
  )
  assert.ok(found > 50, `only ${found} were any`)
  assert.throws(() => requireAsked('https://example.org/x', config), { code: 'bad_request' })
  assert.equal(requireAsked('nginx:1.27', config), undefined)
})

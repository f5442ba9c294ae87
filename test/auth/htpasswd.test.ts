import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { suite, test } from 'node:test'
import { hashSync } from '@node-rs/bcrypt'
import * as fc from 'fast-check'
import { type Account, parseHtpasswd } from '../../src/auth/htpasswd.ts'
import { hasUser, withoutUser, withUser } from '../../src/auth/htpasswd-lines.ts'
import { checkPassword, hashPassword, paddingCosts } from '../../src/auth/passwords.ts'

const BCRYPT = `$2y$12$${'a'.repeat(53)}`

const names = (text: string): string[] => [...parseHtpasswd(text).byName.keys()]
const warnings = (text: string): string[] =>
  parseHtpasswd(text).warnings.map(({ line, text: words }) => `${line} ${words}`)

suite('a file of users', () => {
  test('may hold bcrypt in all its notations, comments, remarks and what Windows makes of it', () => {
    const versions = ['a', 'b', 'y'].map((letter) => `${letter}:${BCRYPT.replace('2y', `2${letter}`)}`)
    const text = `\uFEFF# users\r\n\r\n${versions.join('\r\n')}\n  é.x :${BCRYPT}:remark\n#no:${BCRYPT}`
    assert.deepEqual(names(text), ['a', 'b', 'y', 'é.x'])
    assert.deepEqual(warnings(text), [])
  })

  test('says of every line that is no good what is wrong with it, and goes on with the others', () => {
    const cases: readonly (readonly [line: string, warning: RegExp])[] = [
      ['nocolon', /there is no colon/],
      [`:${BCRYPT}`, /the user name is empty/],
      ['x:', /user "x" has no hash/],
      [`x\u0007:${BCRYPT}`, /holds a character/],
      [`\uFFFD:${BCRYPT}`, /holds a character/],
      [`${'x'.repeat(256)}:${BCRYPT}`, /longer than 255/],
      [`anonymous:${BCRYPT}`, /no user may be called "anonymous"/],
      [`*:${BCRYPT}`, /no user may be called "\*"/],
      [`x:${BCRYPT.slice(0, -1)}`, /"x" cannot log in: the bcrypt hash is malformed/],
      [`x:${BCRYPT.replace('12', '03')}`, /"x" cannot log in: the bcrypt hash is malformed/],
      [`x:${BCRYPT.replace('12', '17')}`, /"x" cannot log in: bcrypt with cost 17 takes too long/],
      [`x:${BCRYPT.replace('2y', '2x')}`, /"x" cannot log in: this kind of bcrypt/],
      ['x:$apr1$abc$short', /"x" cannot log in: the apr1 hash is malformed/],
      ['x:{SHA}short', /"x" cannot log in: the \{SHA\} hash is malformed/],
      ['x:$1$abcdefgh$cYVF2c5s5sRkB3gBBHTd7.', /"x" cannot log in: md5crypt/],
      ['x:$5$abc$def', /"x" cannot log in: sha256crypt/],
      ['x:$6$abc$def', /"x" cannot log in: sha512crypt/],
      ['x:$y$j9T$abc', /"x" cannot log in: yescrypt/],
      ['x:$argon2id$v=19$m=1', /"x" cannot log in: argon2/],
      ['x:{SSHA}abcdef', /"x" cannot log in: \{SSHA\}/],
      ['x:rqXexS6ZhobKA', /"x" cannot log in: crypt \(DES\)/],
      ['x:!$6$abc', /"x" cannot log in: the user is locked/],
      ['x:hunter2', /"x" cannot log in: this is no hash/],
    ]
    for (const [line, warning] of cases) {
      const text = `first:${BCRYPT}\n${line}\nlast:${BCRYPT}\n`
      assert.deepEqual(names(text), ['first', 'last'], line)
      const said = warnings(text)
      assert.equal(said.length, 1, line)
      assert.match(said[0] ?? '', warning, line)
      assert.match(said[0] ?? '', /^2 /, line)
      assert.doesNotMatch(said[0] ?? '', /hunter2|aaaa|rqXe|abcdef/, line)
    }
  })

  test('names somebody twice: the first line counts, even when it is no good', () => {
    const text = `x:${BCRYPT}\nx:hunter2\ny:$6$a$b\ny:${BCRYPT}\n`
    assert.deepEqual(names(text), ['x'])
    assert.match(warnings(text)[0] ?? '', /^2 user "x" is on line 1 already/)
    assert.match(warnings(text)[2] ?? '', /^4 user "y" is on line 3 already/)
  })

  test('warns of old schemes by user and scheme', () => {
    const text = `x:$apr1$abcdefgh$030j6I3f1zNCF9tihqdd11\ny:{SHA}qUqP5cyxm6YcTAhz05Hph5gvu9M=\n`
    assert.deepEqual(names(text), ['x', 'y'])
    assert.match(warnings(text)[0] ?? '', /^1 user "x" has a hash of apr1 \(MD5\)/)
    assert.match(warnings(text)[1] ?? '', /^2 user "y" has a hash of \{SHA\}/)
    assert.equal(parseHtpasswd(text).costliest, 10)
    assert.equal(parseHtpasswd(`${text}z:${BCRYPT}\nw:${BCRYPT.replace('12', '14')}`).costliest, 14)
  })

  test('may hold anything without an error', () => {
    const piece = fc.constantFrom('a', ':', '\n', '\r', '$2y$', '#', '{SHA}', '\0', BCRYPT, 'é')
    const check = (pieces: readonly string[]): void => void parseHtpasswd(pieces.join(''))
    fc.assert(fc.property(fc.array(piece, { maxLength: 40 }), check), { numRuns: 500 })
  })
})

suite('a password', () => {
  const account = (line: string): Account => {
    const [found] = parseHtpasswd(line).byName.values()
    assert.ok(found)
    return found
  }
  const isRight = (line: string, password: string | Buffer) =>
    checkPassword(account(line), Buffer.from(password), 4)

  test('is checked in every scheme, whatever its letters', async () => {
    const openssl = execFileSync('openssl', ['passwd', '-apr1', '-salt', 'abcdefgh', 'pässwörd: x'], {
      encoding: 'utf8',
    })
    const lines = [
      `x:${hashSync('pässwörd: x', { cost: 4, version: '2y' })}`,
      `x:${hashSync('pässwörd: x', { cost: 4, version: '2a' })}`,
      `x:${openssl}`,
      `x:{SHA}${execFileSync('openssl', ['dgst', '-sha1', '-binary'], { input: 'pässwörd: x' }).toString('base64')}`,
    ]
    for (const line of lines) {
      assert.equal(await isRight(line, 'pässwörd: x'), true, line)
      for (const wrong of ['pässwörd: X', 'pässwörd: ', '', Buffer.from('pässwörd: x', 'latin1')])
        assert.equal(await isRight(line, wrong), false, line)
    }
    assert.equal(await checkPassword(undefined, Buffer.from('x'), 4), false)
  })

  test('over 72 bytes counts with its first 72, as bcrypt does', async () => {
    const line = `x:${hashSync('a'.repeat(80), { cost: 4 })}`
    assert.equal(await isRight(line, 'a'.repeat(72)), true)
    assert.equal(await isRight(line, 'a'.repeat(71)), false)
  })

  test('that is wrong costs as much for every account and for none', () => {
    for (let costliest = 4; costliest <= 16; costliest++) {
      assert.deepEqual(paddingCosts(0, costliest), [costliest])
      for (let cost = 4; cost <= costliest; cost++) {
        const work = [cost, ...paddingCosts(cost, costliest)].reduce((sum, one) => sum + 2 ** one, 0)
        assert.equal(work, 2 ** costliest)
      }
    }
  })

  test('is hashed anew so that Apache and others read it', async () => {
    const hash = await hashPassword('x')
    assert.match(hash, /^\$2y\$12\$.{53}$/)
    assert.equal(await isRight(`x:${hash}`, 'x'), true)
  })
})

suite('lines of the file', () => {
  const text = `# kept\nx:old:remark\n\ny:old\n x:again\n`

  test('are changed in their place, and the others stay as they are', () => {
    assert.equal(withUser(text, 'x', { hash: 'new' }), '# kept\nx:new:remark\n\ny:old\n')
    assert.equal(withUser(text, 'z', { hash: 'new' }), `${text}z:new\n`)
    assert.equal(withUser('x:old', 'y', { hash: 'new' }), 'x:old\ny:new\n')
    assert.equal(withUser('', 'y', { hash: 'new' }), 'y:new\n')
    assert.equal(withUser('x:old', 'x', { hash: 'new', role: 'admin' }), 'x:new:role=admin\n')
    assert.equal(withUser('x:old:role=admin', 'x', { hash: 'new', role: 'user' }), 'x:new\n')
    assert.deepEqual(
      [hasUser(text, 'x'), hasUser(text, '# kept'), hasUser(text, 'old')],
      [true, false, false],
    )
  })

  test('go, and the last one leaves a comment, for an empty file is taken for one that is being written', () => {
    assert.equal(withoutUser(text, 'x'), '# kept\n\ny:old\n')
    assert.equal(withoutUser(text, 'z'), undefined)
    const none = withoutUser('x:old\n', 'x')
    assert.deepEqual([names(none ?? ''), none?.startsWith('#')], [[], true])
  })
})

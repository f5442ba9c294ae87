import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { AppError } from '../../src/domain/errors.ts'
import { matchPlatform, noPlatform, ownPlatform, parsePlatform } from '../../src/packages/platforms.ts'

const of = (...platforms: string[]) => platforms.map((platform) => ({ platform }))
const best = (asked: string, ...offered: string[]) => matchPlatform(asked, of(...offered))?.platform

/** As containerd's platforms package decides. */
const CASES: readonly (readonly [asked: string, offered: readonly string[], best: string | undefined])[] = [
  ['linux/arm64', ['linux/amd64', 'linux/arm64/v8'], 'linux/arm64/v8'],
  ['linux/arm64/v8', ['linux/arm64'], 'linux/arm64'],
  ['linux/arm', ['linux/arm/v5', 'linux/arm/v7', 'linux/arm/v6'], 'linux/arm/v7'],
  ['linux/arm/v7', ['linux/arm'], 'linux/arm'],
  ['linux/arm/v6', ['linux/arm/v7', 'linux/arm/v5'], 'linux/arm/v5'],
  ['linux/arm/v6', ['linux/arm/v7'], undefined],
  ['linux/arm', ['linux/arm/v8'], 'linux/arm/v8'],
  ['linux/amd64', ['linux/amd64/v3', 'linux/amd64'], 'linux/amd64'],
  ['linux/amd64/v3', ['linux/amd64/v4', 'linux/amd64/v2', 'linux/amd64'], 'linux/amd64/v2'],
  ['linux/x86_64', ['linux/amd64'], 'linux/amd64'],
  ['linux/aarch64', ['linux/arm64/v8'], 'linux/arm64/v8'],
  ['linux/armhf', ['linux/arm/v6', 'linux/arm/v7'], 'linux/arm/v7'],
  ['linux/arm64/8', ['linux/arm64/v8'], 'linux/arm64/v8'],
  ['LINUX/AMD64', ['linux/amd64'], 'linux/amd64'],
  ['windows/amd64', ['linux/amd64'], undefined],
  ['linux/riscv64', ['linux/riscv64'], 'linux/riscv64'],
  ['linux/amd64', ['unknown/unknown'], undefined],
  ['linux/amd64', [], undefined],
]

suite('platforms', () => {
  for (const [asked, offered, wanted] of CASES)
    test(`${asked} of ${offered.join(', ') || 'nothing'}: ${wanted ?? 'none'}`, () => {
      assert.equal(best(asked, ...offered), wanted)
    })

  test('what is none is refused', () => {
    for (const text of ['', 'linux', 'linux/', '/amd64', 'linux/a/b/c', 'linux/amd 64'])
      assert.throws(
        () => parsePlatform(text),
        (error) => error instanceof AppError && error.code === 'bad_request',
        text,
      )
    assert.match(ownPlatform(), /^linux\/\w+$/)
  })

  test('an error lists what there is', () => {
    const { message } = noPlatform('docker.io/library/app:1', of('linux/amd64', 'linux/s390x'))
    assert.match(message, /app:1.*linux\/amd64, linux\/s390x/)
  })
})

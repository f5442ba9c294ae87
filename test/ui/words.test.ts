import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { en } from '../../ui/src/words/en.ts'
import { more as enMore } from '../../ui/src/words/en-more.ts'
import { zh } from '../../ui/src/words/zh.ts'
import { more as zhMore } from '../../ui/src/words/zh-more.ts'

type Said = string | ((...params: unknown[]) => unknown)

/** Every text by its path, functions included. */
function flat(value: unknown, path = ''): Map<string, Said> {
  // What is no object is a text or a function: that is what words are made of.
  if (typeof value !== 'object' || value === null) return new Map([[path, value as Said]])
  return new Map(Object.entries(value).flatMap(([name, inner]) => [...flat(inner, `${path}.${name}`)]))
}

const EN = flat({ ...en, ...enMore })
const ZH = flat({ ...zh, ...zhMore })

/** Numbers that no text holds by itself; several forms have to be right for one and for many. */
const NUMBERS = [7391, 7392, 7393, 7394]

/** Stands for a parameter with fields: each field is a number of its own. */
function fields(seen: string[]): object {
  const values = new Map<string, number>()
  return new Proxy(
    {},
    {
      get: (_, name) => {
        const value = values.get(String(name)) ?? 6391 + values.size
        values.set(String(name), value)
        seen.push(String(name))
        return value
      },
    },
  )
}

/** What a function says of numbers, and, where it takes fields, which of them it used. */
function spoken(said: Said): { text: string; used: readonly string[] } {
  if (typeof said === 'string') return { text: said, used: [] }
  const seen: string[] = []
  const withNumbers = String(said(...NUMBERS))
  const holds = NUMBERS.filter((n) => digits(withNumbers).includes(String(n)))
  if (said.length === 1 && holds.length === 0) {
    const text = String(said(fields(seen)))
    if (seen.length > 0 && !seen.includes('Symbol(Symbol.toPrimitive)'))
      return { text, used: [...new Set(seen)].sort() }
  }
  return { text: withNumbers, used: holds.map(String) }
}

/** Without what stands between thousands. */
const digits = (text: string): string => text.replace(/(\d)[,\s](?=\d{3})/g, '$1')

/** Names of products and things that are written the same everywhere. */
const NAMES = new Set(
  `Cachalot Docker Desktop Engine Hub Podman Buildah containerd kubeadm k3s RKE2 CRI-O OpenShift BuildKit buildx nerdctl
  skopeo Kubernetes NAS Unraid YAML Compose Dockerfile JSON CSV API HTTP HTTPS TLS DNS ID CPU Linux macOS Windows Latin
  root config.toml registries.yaml registries.conf daemon.json CA MIT Ctrl Shift Enter Esc Caps Lock GiB MiB KiB Config
  Entrypoint English GitHub Hugging Face Git git git-lfs GOPROXY curl wget aria2 HTTPS_PROXY NO_PROXY MB GB KB TTL IP URL UTC OCI SHA nginx alpine redis htpasswd label docker podman save load zstd SHA-256`.split(
    /\s+/,
  ),
)

/** Their parameter is a moment in words, which brings its own spaces. */
const MOMENTS = /\.(replaced|checked|seen|goneSince|remembered)$/

suite('both languages say the same', () => {
  test('about the same things', () => {
    assert.deepEqual([...ZH.keys()].sort(), [...EN.keys()].sort())
    for (const [path, said] of EN) assert.equal(typeof ZH.get(path), typeof said, path)
  })

  test('with the same parameters', () => {
    for (const [path, said] of EN) {
      if (typeof said === 'string') continue
      const other = ZH.get(path) ?? ''
      assert.deepEqual(spoken(other).used, spoken(said).used, `${path}: ${spoken(other).text}`)
    }
  })

  test('and nothing is empty or undefined', () => {
    for (const [path, said] of [...EN, ...ZH]) {
      const { text } = spoken(said)
      assert.notEqual(text.trim(), '', path)
      assert.doesNotMatch(text, /undefined|NaN|\[object/, path)
    }
  })

  test('no English is left over in Chinese', () => {
    const left = [...ZH].flatMap(([path, said]) => {
      const rest = wordsOf(spoken(said).text).filter((word) => !NAMES.has(word) && !isExample(path))
      return rest.length === 0 ? [] : [`${path}: ${rest.join(' ')}`]
    })
    assert.deepEqual(left, [])
  })

  test('Chinese is set as it should be', () => {
    const wrong = [...ZH].flatMap(([path, said]) => {
      const { text } = MOMENTS.test(path) ? { text: '' } : spoken(said)
      const glued = /\p{Script=Han}[A-Za-z\d]|[A-Za-z\d]\p{Script=Han}/u.exec(text)
      const narrow = /\p{Script=Han}[,;:?!]/u.exec(text)
      const [problem] = glued ?? narrow ?? []
      return problem === undefined ? [] : [`${path}: “${problem}” in ${text}`]
    })
    assert.deepEqual(wrong, [])
  })
})

/** Latin words of three letters and more. */
function wordsOf(text: string): readonly string[] {
  return (
    text.match(/[A-Za-z][\w.-]*[A-Za-z\d]|[A-Za-z]{3,}/g)?.filter((word) => /[A-Za-z]{3}/.test(word)) ?? []
  )
}

/** Examples of what to type are code. */
function isExample(path: string): boolean {
  return /\.(example|placeholder|allRegistries|\w*Placeholder)$/.test(path)
}

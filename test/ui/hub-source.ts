import { type FakeHub, startFakeHub } from '../support/fake-hub.ts'
import type { Cleanup } from '../support/temp.ts'

const DIGEST = `sha256:${'8'.repeat(64)}`

/** Docker Hub's web API with what the page Discover shows: names, numbers, and words of others. */
export async function startHubSource(t: Cleanup): Promise<FakeHub> {
  const hub = await startFakeHub(t)
  hub.add(
    {
      name: 'app',
      description: 'A small application that everything here is tried with.',
      stars: 21_431,
      pulls: 13_402_887_120,
      official: true,
    },
    [
      { name: '1.0', digest: DIGEST, images: platforms(3) },
      { name: '2.0-alpine', digest: DIGEST, images: platforms(9) },
      { name: '3.0-not-here-yet-with-a-name-that-does-not-end-soon', images: platforms(1) },
    ],
  )
  hub.add({ name: 'org/app', description: '<img src=x onerror=alert(1)> **app**', stars: 3, pulls: 12 })
  hub.add({ name: 'org/app-without-description' })
  return hub
}

const KINDS = ['amd64', 'arm64', 'arm/v7', 'arm/v6', '386', 'ppc64le', 's390x', 'riscv64', 'mips64le']

function platforms(count: number) {
  return KINDS.slice(0, count).map((kind, i) => {
    const [architecture, variant] = kind.split('/')
    return { os: 'linux', architecture, variant, digest: DIGEST, size: 30_000_000 + i * 1_234_567 }
  })
}

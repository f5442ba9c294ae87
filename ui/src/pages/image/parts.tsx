import type { ComponentChildren } from 'preact'
import type { ImageDetail, PlatformRow } from '../../../../src/api/contract.ts'
import type { ManifestDetail } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import { Problem } from '../../parts/problem.tsx'
import { Empty, Skeleton, Snippet } from '../../parts/small.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { useResource } from '../../resource.ts'
import { w } from '../../words/words.ts'
import { Config } from './config.tsx'
import { Layers } from './layers.tsx'
import { Manifest } from './manifest.tsx'
import { titleOf } from './platforms.tsx'
import { Referrers } from './referrers.tsx'

interface PartsProps {
  readonly repository: string
  readonly detail: ImageDetail
  readonly platform: PlatformRow
}

/** What one platform of the image is made of. */
export function Parts({ repository, detail, platform }: PartsProps) {
  const words = w().image
  const { digest, state } = platform
  const manifest = useResource(`${repository}@${digest} ${state}`, async (signal) =>
    state === 'absent' ? undefined : await ask('GET /manifest', { name: `${repository}@${digest}` }, signal),
  )
  const { data, failure, isLoading, reload } = manifest
  const withManifest = (show: (data: ManifestDetail) => ComponentChildren) => () => {
    if (failure !== undefined) return <Problem failure={failure} retry={reload} />
    if (data?.digest === digest) return show(data)
    return isLoading ? <Skeleton lines={5} /> : <Empty title={words.layers.absent} />
  }
  const layers = detail.layers[digest] ?? []
  const isIndex = detail.image.digest !== digest
  return (
    <section class="stack tight">
      <h2>{titleOf(platform.platform)}</h2>
      <Tabs
        label={words.tabs.label}
        tabs={[
          {
            id: 'layers',
            title: words.tabs.layers,
            content: withManifest((data) => <Layers layers={layers} history={data.history} />),
          },
          {
            id: 'dockerfile',
            title: words.tabs.dockerfile,
            content: withManifest(({ dockerfile }) => <Dockerfile text={dockerfile} />),
          },
          {
            id: 'config',
            title: words.tabs.config,
            content: withManifest(({ config }) => <Config config={config} />),
          },
          {
            id: 'manifest',
            title: words.tabs.manifest,
            content: withManifest((data) => (
              <Manifest
                repository={repository}
                own={data}
                platform={titleOf(platform.platform)}
                index={isIndex ? detail.image.digest : undefined}
              />
            )),
          },
          {
            id: 'referrers',
            title: words.tabs.referrers,
            content: withManifest(({ referrers }) => (
              <Referrers repository={repository} referrers={referrers} />
            )),
          },
        ]}
      />
    </section>
  )
}

function Dockerfile({ text }: { text: string }) {
  const words = w().image.dockerfile
  if (text === '') return <Empty title={words.none} />
  return (
    <div class="stack tight">
      <p class="quiet">{words.note}</p>
      <Snippet text={text} label={words.label} />
    </div>
  )
}

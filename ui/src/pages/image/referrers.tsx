import type { ManifestDetail } from '../../../../src/api/contract-contents.ts'
import { shortDigest } from '../../format.ts'
import { imageHref } from '../../parts/place.ts'
import { Bytes, Copy, Empty } from '../../parts/small.tsx'
import { w } from '../../words/words.ts'

interface ReferrersProps extends Pick<ManifestDetail, 'referrers'> {
  readonly repository: string
}

/** Signatures and the like that are cached for it. */
export function Referrers({ repository, referrers }: ReferrersProps) {
  const { image, common } = w()
  const words = image.referrers
  if (referrers.length === 0) return <Empty title={words.none} />
  return (
    <div class="table-frame">
      <table>
        <caption class="unseen">{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">{words.type}</th>
            <th scope="col" class="end">
              {common.terms.size}
            </th>
            <th scope="col">{common.terms.digest}</th>
          </tr>
        </thead>
        <tbody>
          {referrers.map(({ digest, artifactType, size }) => (
            <tr key={digest}>
              <td>{artifactType ?? common.unknown}</td>
              <td class="end">
                <Bytes n={size} />
              </td>
              <td>
                <span class="digest">
                  <a href={imageHref(`${repository}@${digest}`)} title={digest}>
                    <code>{shortDigest(digest)}</code>
                  </a>
                  <Copy text={digest} what={common.terms.digest} />
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

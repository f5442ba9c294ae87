import type { KindDisk } from '../../../../src/api/contract-activity.ts'
import { bytes } from '../../format.ts'
import { Bytes, Meter } from '../../parts/small.tsx'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { Tile } from './tile.tsx'

/** What takes the disk, the largest kind first. */
export function DiskKinds({ rows }: { rows: readonly KindDisk[] }) {
  const { overview, files, common } = w()
  const most = rows[0]?.bytes ?? 0
  return (
    <Tile title={overview.disk.byKind} to="/files">
      <ul class="disk-kinds">
        {rows.map(({ kind, count, bytes: size }) => {
          const isImages = kind === 'images'
          const title = isImages ? common.nav.images : files.kinds[kind]
          return (
            <li key={kind}>
              <a href={href(isImages ? '/images' : `/files?kind=${kind}`)}>{title}</a>
              <span>
                <span class="quiet">{isImages ? common.images(count) : files.found(count)} · </span>
                <Bytes n={size} />
              </span>
              <Meter value={size} max={most} label={`${title}: ${bytes(size)}`} />
            </li>
          )
        })}
      </ul>
    </Tile>
  )
}

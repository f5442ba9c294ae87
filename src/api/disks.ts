import type { CacheParts } from '../cache/assemble.ts'
import { budgetsIn } from '../config/budgets.ts'
import type { Config } from '../config/config.ts'
import type { UpstreamTotals } from '../db/accounts/totals.ts'
import type { Index } from '../db/index.ts'
import type { FileKind } from '../domain/file-names.ts'
import type { UpstreamDisk } from './contract.ts'

interface DiskDeps {
  readonly config: () => Config
  readonly index: Pick<Index, 'clerk'>
  readonly parts: Pick<CacheParts, 'annex'>
}

const GIT = 'git'

/** What each upstream takes of the disk, mirrors of git repositories included. */
export async function upstreamDisks(
  { config, index, parts }: DiskDeps,
  totals: readonly UpstreamTotals[],
): Promise<readonly UpstreamDisk[]> {
  const kinds = await index.clerk.ask('fileKinds', { only: undefined, mirrors: [] })
  const files = new Map<string, number>(kinds.map(({ kind, files: count }) => [kind, count]))
  const budgets = new Map(budgetsIn(config()).map(({ name, maxSize }) => [name, maxSize]))
  const rows = totals.map((row) => ({
    ...row,
    files: files.get(row.upstream) ?? 0,
    budget: budgets.get(row.upstream) ?? 0,
  }))
  const mirrors = await parts.annex.list()
  if (mirrors.length === 0) return rows
  const own = rows.find(({ upstream }) => upstream === GIT) ?? { ...NONE, upstream: GIT }
  const bytes = mirrors.reduce((sum, mirror) => sum + mirror.bytes, own.bytes)
  const git = { ...own, bytes, files: own.files + mirrors.length, repositories: own.repositories }
  return [...rows.filter(({ upstream }) => upstream !== GIT), git].toSorted((a, b) =>
    a.upstream < b.upstream ? -1 : 1,
  )
}

/** No registry has such a name. */
export function isFileKind(upstream: string): upstream is FileKind {
  return ['go', 'github', 'hf', 'git'].includes(upstream)
}

const NONE: Omit<UpstreamDisk, 'upstream'> = { bytes: 0, budget: 0, repositories: 0, tags: 0, files: 0 }

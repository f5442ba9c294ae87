import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import type { TreeNode } from '../../../../src/api/contract-contents.ts'
import { ask } from '../../api.ts'
import { number } from '../../format.ts'
import { Icon } from '../../parts/icon.tsx'
import { imageHref } from '../../parts/place.ts'
import { Problem } from '../../parts/problem.tsx'
import { Ago, Bytes, Empty, Name, Skeleton } from '../../parts/small.tsx'
import { useResource } from '../../resource.ts'
import { href } from '../../router.ts'
import { w } from '../../words/words.ts'
import { Pinned } from './columns.tsx'

/** Which nodes are open, for whoever comes back to this page. */
const opened = new Set<string>()

/** Names as a tree: upstreams, their namespaces, their repositories, with the sizes of all below each. */
export function Tree() {
  const { images: words, common } = w()
  return (
    <div class="tree" role="group" aria-label={words.tree.label}>
      <div class="tree-row tree-head" aria-hidden="true">
        <span>{common.terms.name}</span>
        <span class="wide">{words.tree.repositories}</span>
        <span class="wide">{common.terms.tags}</span>
        <span class="wide">{common.terms.size}</span>
        <span>{common.terms.onlyHere}</span>
        <span class="wide">{words.columns.used}</span>
      </div>
      <Children depth={0} />
    </div>
  )
}

function Children({ path, depth }: { path?: string; depth: number }) {
  const { images: words } = w()
  const { data, failure, reload } = useResource(path ?? '', (signal) =>
    ask('GET /tree', path === undefined ? {} : { path }, signal),
  )
  if (failure !== undefined && data === undefined) return <Problem failure={failure} retry={reload} />
  if (data === undefined) return <Skeleton lines={2} />
  if (data.items.length === 0 && path === undefined)
    return (
      <Empty title={words.empty}>
        <a class="button" href={href('/setup')}>
          {words.toSetup}
        </a>
      </Empty>
    )
  return (
    <ul>
      {data.items.map((node) => (
        <li key={node.path} style={{ '--depth': depth }}>
          {node.kind === 'repository' ? (
            <div class="tree-row">
              <Cells node={node} />
            </div>
          ) : (
            <Branch node={node} depth={depth} />
          )}
        </li>
      ))}
    </ul>
  )
}

function Branch({ node, depth }: { node: TreeNode; depth: number }) {
  const isOpen = useSignal(opened.has(node.path))
  return (
    <details
      open={isOpen.value}
      onToggle={(event) => {
        // What opens below tells its parents, too.
        if (event.target !== event.currentTarget) return
        isOpen.value = event.currentTarget.open
        if (isOpen.value) opened.add(node.path)
        else opened.delete(node.path)
      }}
    >
      <summary class="tree-row">
        <Cells node={node} />
      </summary>
      {isOpen.value && <Children path={node.path} depth={depth + 1} />}
    </details>
  )
}

function Cells({ node }: { node: TreeNode }) {
  const { images: words, common } = w()
  const isLeaf = node.kind === 'repository'
  return (
    <>
      <span class={isLeaf ? 'tree-name leaf' : 'tree-name'}>
        {!isLeaf && <Icon name="chevron" size={14} />}
        {isLeaf ? (
          <a href={imageHref(node.path)}>
            <Name text={node.label} />
          </a>
        ) : (
          <Name text={node.label} />
        )}
        {node.pinned && <Pinned />}
      </span>
      <Cell label={words.tree.repositories} isWide>
        {isLeaf ? '' : number(node.repositories)}
      </Cell>
      <Cell label={common.terms.tags} isWide>
        {number(node.tags)}
      </Cell>
      <Cell label={common.terms.size} isWide>
        <Bytes n={node.total} />
      </Cell>
      <Cell label={common.terms.onlyHere}>
        <Bytes n={node.onlyHere} />
      </Cell>
      <Cell label={words.columns.used} isWide>
        <Ago at={node.lastUsed} />
      </Cell>
    </>
  )
}

/** A number under a heading that only eyes can see it stands under. */
function Cell({
  label,
  isWide = false,
  children,
}: {
  label: string
  isWide?: boolean
  children: ComponentChildren
}) {
  return (
    <span class={isWide ? 'wide' : ''}>
      <span class="unseen">{label}: </span>
      {children}
    </span>
  )
}

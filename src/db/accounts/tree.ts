import type { Db } from '../open.ts'
import { needOf } from './kept.ts'
import type { Ledger, RepositoryFacts } from './ledger.ts'
import { ledgerOf } from './lists.ts'
import type { Sizes, TimesOfUse } from './rows.ts'

export interface TreeRow extends Sizes, TimesOfUse {
  readonly path: string
  readonly label: string
  readonly kind: 'upstream' | 'group' | 'repository'
  readonly repositories: number
  readonly tags: number
  readonly pinned: boolean
}

/** Numbers of one repository. */
export type RepositorySums = Pick<
  RepositoryFacts,
  'tags' | 'images' | 'total' | 'onlyHere' | 'firstCached' | 'lastUsed' | 'pulls' | 'pinned'
>

export interface TreeAsk {
  /** "docker.io/library"; undefined: the upstreams. */
  readonly path: string | undefined
  /** Ids of the repositories that are shown; undefined: all of them. */
  readonly only: readonly number[] | undefined
  /** Numbers that take the place of a repository's own, where only some of its tags are shown. */
  readonly instead?: ReadonlyMap<number, RepositorySums>
  /** As in lists. */
  readonly since?: number | undefined
}

/** An upstream, a part of a path, or a repository; its sums are of all that lies below. */
interface Node {
  readonly path: string
  readonly parent: Node | undefined
  readonly children: Map<string, Node>
  repository: RepositoryFacts | undefined
  total: number
  onlyHere: number
  repositories: number
  tags: number
  pulls: number
  firstCached: number
  lastUsed: number
  pinned: boolean
}

/** Children of a node of the tree of names, in order; none where there is no such node. */
export function tree(db: Db, { path, only, instead, since }: TreeAsk): readonly TreeRow[] {
  const { value: ledger } = ledgerOf(db, needOf({ since }))
  const root = only === undefined ? wholeTree(ledger) : makeTree(ledger, new Set(only), instead)
  const node = (path ?? '').split('/').reduce(step, root)
  if (node === undefined) return []
  const below = [...node.children].map(([label, child]) => toRow(collapse(label, child, node === root)))
  // A repository with others below it stands among them.
  const own = node.repository === undefined ? [] : [repositoryRow(labelOf(node.path), node.repository)]
  return [...own, ...below.sort((a, b) => (a.label < b.label ? -1 : 1))]
}

/** Names of all repositories below a node, with their ids. */
export function namesBelow(
  db: Db,
  { path, since }: { path: string | undefined; since?: number | undefined },
): readonly { readonly id: number; readonly name: string }[] {
  const { value } = ledgerOf(db, needOf({ since }))
  const isBelow = (name: string): boolean =>
    path === undefined || name === path || name.startsWith(`${path}/`)
  return value.repositories.filter(({ name }) => isBelow(name)).map(({ id, name }) => ({ id, name }))
}

function step(node: Node | undefined, part: string): Node | undefined {
  return part === '' ? node : node?.children.get(part)
}

const trees = new WeakMap<Ledger, Node>()

function wholeTree(ledger: Ledger): Node {
  const known = trees.get(ledger) ?? makeTree(ledger)
  trees.set(ledger, known)
  return known
}

function makeTree(
  { repositories, shared }: Ledger,
  only?: ReadonlySet<number>,
  instead?: TreeAsk['instead'],
): Node {
  const root = newNode('', undefined)
  const leaves = new Map<number, Node>()
  for (const own of repositories) {
    if (only !== undefined && !only.has(own.id)) continue
    const sums = instead?.get(own.id)
    const facts = sums === undefined ? own : { ...own, ...sums }
    const leaf = place(root, facts.name)
    leaf.repository = facts
    // What hidden tags share with others is in no sum; what the shown ones share is in theirs already.
    if (sums === undefined) leaves.set(facts.id, leaf)
    const bytes = sums?.total ?? facts.onlyHere
    for (let node: Node | undefined = leaf; node !== undefined; node = node.parent) addTo(node, facts, bytes)
  }
  for (const { bytes, holders } of shared) share(leaves, bytes, holders)
  return root
}

function newNode(path: string, parent: Node | undefined): Node {
  const times = { firstCached: Infinity, lastUsed: 0, pinned: false }
  const sums = { total: 0, onlyHere: 0, repositories: 0, tags: 0, pulls: 0 }
  return { path, parent, children: new Map(), repository: undefined, ...sums, ...times }
}

function place(root: Node, name: string): Node {
  let node = root
  for (const part of name.split('/')) {
    const next = node.children.get(part) ?? newNode(node === root ? part : `${node.path}/${part}`, node)
    node.children.set(part, next)
    node = next
  }
  return node
}

/** What a repository has alone belongs to whatever it is in; what it shares is added once for all its holders. */
function addTo(node: Node, facts: RepositoryFacts, bytes: number): void {
  node.total += bytes
  node.onlyHere += facts.onlyHere
  node.repositories++
  node.tags += facts.tags
  node.pulls += facts.pulls
  node.firstCached = Math.min(node.firstCached, facts.firstCached)
  node.lastUsed = Math.max(node.lastUsed, facts.lastUsed)
  node.pinned ||= facts.pinned
}

function share(leaves: ReadonlyMap<number, Node>, bytes: number, holders: readonly number[]): void {
  const counts = new Map<Node, number>()
  for (const id of holders)
    for (let node = leaves.get(id); node !== undefined; node = node.parent)
      counts.set(node, (counts.get(node) ?? 0) + 1)
  for (const [node, count] of counts) {
    node.total += bytes
    if (count === holders.length) node.onlyHere += bytes
  }
}

interface Labelled {
  readonly label: string
  readonly node: Node
  readonly isUpstream: boolean
}

/** A chain of single children is one node. */
function collapse(label: string, node: Node, isUpstream: boolean): Labelled {
  const [only] = node.children
  if (isUpstream || only === undefined || node.children.size > 1 || node.repository !== undefined)
    return { label, node, isUpstream }
  return collapse(`${label}/${only[0]}`, only[1], false)
}

function toRow({ label, node, isUpstream }: Labelled): TreeRow {
  if (node.repository !== undefined && node.children.size === 0) return repositoryRow(label, node.repository)
  const { path, total, onlyHere, repositories, tags, pulls, firstCached, lastUsed, pinned } = node
  const kind = isUpstream ? 'upstream' : 'group'
  const sums = { repositories, tags, pulls, firstCached, lastUsed, pinned }
  return { path, label, kind, total, onlyHere, shared: total - onlyHere, ...sums }
}

function repositoryRow(label: string, facts: RepositoryFacts): TreeRow {
  const { name: path, total, onlyHere, tags, pulls, firstCached, lastUsed, pinned } = facts
  const sizes = { total, onlyHere, shared: total - onlyHere }
  return {
    path,
    label,
    kind: 'repository',
    ...sizes,
    repositories: 1,
    tags,
    pulls,
    firstCached,
    lastUsed,
    pinned,
  }
}

function labelOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

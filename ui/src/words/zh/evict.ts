import type { EvictWords } from '../en/evict.ts'
import { count } from './common.ts'

const images = (n: number): string => count(n, '个镜像')
const tags = (n: number): string => count(n, '个标签')
const things = (n: number, alone: number): string => {
  if (alone === 0) return images(n)
  return n === 0 ? tags(alone) : `${images(n)}和 ${tags(alone)}`
}

export const evict: EvictWords = {
  title: (n, alone) => `将 ${things(n, alone)}移出缓存？`,
  titleUnknown: '移出缓存？',
  frees: '可释放',
  stays: (total, kept) => `合计 ${total}，其中 ${kept} 因其他镜像仍在使用而保留`,
  staysNone: (total) => `全部释放：这 ${total} 没有其他镜像在用`,
  also: '一并移出',
  alsoTags: (n) => `${count(n, '个标签')}指向相同的镜像`,
  scope: '移出范围',
  scopes: { images: '镜像及其全部标签', tags: '仅所选标签' },
  alone: '仅移出标签',
  aloneTags: (n) => `${tags(n)}，镜像本身保留`,
  skipped: '跳过',
  pinned: (n) => `${images(n)}已固定保留`,
  inUse: (n) => `${images(n)}正在被拉取`,
  needed: (n) => `${images(n)}是其他保留镜像的组成部分`,
  left: '已不在',
  notFound: (n) => `${count(n, '个名称')}已不在缓存中`,
  gone: '无法再次拉取',
  goneWhy: (n) => `${images(n)}在上游已不存在`,
  includeGone: '也移出这些镜像：此后将永久丢失',
  mode: '何时释放空间',
  undo: '十分钟后释放，在此之前可以撤销',
  now: '立即释放，不可撤销',
  whole: '这超过了全部缓存内容的一半。',
  type: (phrase) => `请输入“${phrase}”以继续`,
  phrase: (n) => `移出 ${n}`,
  confirm: (n, alone) => `移出 ${things(n, alone)}`,
  nothing: '没有可以移出的内容。',
  evicting: '正在移出…',
  doneUndo: (what, size) => `已移出 ${what}，十分钟后释放 ${size}。`,
  doneNow: (what, size) => `已移出 ${what}，释放了 ${size}。`,
  doneTags: (what) => `已移出 ${what}。`,
  things,
  leftOver: (n) => `有 ${images(n)}未移出：在您查看之后发生了变化、被固定或正在拉取。`,
  undoNow: '撤销',
  undone: (n, alone) => `已恢复 ${things(n, alone)}。`,
  andMore: (n) => `另有 ${n} 个`,
  stillPulls: '移出缓存的镜像仍可再次拉取，届时会从上游获取。',
}

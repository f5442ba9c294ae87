import type { EvictWords } from '../en/evict.ts'
import { count } from './common.ts'

const images = (n: number): string => count(n, '个镜像')
const tags = (n: number): string => count(n, '个标签')
const things = (n: number, alone: number, files: number): string =>
  [
    n > 0 || alone + files === 0 ? images(n) : '',
    alone > 0 ? tags(alone) : '',
    files > 0 ? count(files, '个文件') : '',
  ]
    .filter(Boolean)
    .join('、')

export const evict: EvictWords = {
  title: (what) => `移出 ${what}？`,
  titleUnknown: '移出缓存？',
  frees: '可释放',
  stays: (total, kept) => `合计 ${total}，其中 ${kept} 因仍被其他内容使用而保留`,
  staysNone: (total) => `全部释放：这 ${total} 没有其他内容在用`,
  also: '一并移出',
  alsoTags: (n) => `${count(n, '个标签')}指向相同的镜像`,
  scope: '移出范围',
  scopes: { images: '镜像及其全部标签', tags: '仅所选标签' },
  alone: '仅移出标签',
  aloneTags: (n) => `${tags(n)}，镜像本身保留`,
  skipped: '跳过',
  pinned: (n) => `${n} 个已固定保留`,
  inUse: (n) => `${n} 个正在使用`,
  needed: (n) => `${images(n)}是其他保留镜像的组成部分`,
  left: '已不在',
  notFound: (n) => `${count(n, '个名称')}已不在缓存中`,
  gone: '无法再次获取',
  goneWhy: (n) => `${n} 个在上游已不存在`,
  atOnce: '无法撤销',
  atOnceWhy: (n) => `${count(n, '个仓库')}的副本会立即删除，撤销时不会恢复`,
  includeGone: '也移出这些内容：此后将永久丢失',
  mode: '何时释放空间',
  undo: '十分钟后释放，在此之前可以撤销',
  now: '立即释放，不可撤销',
  whole: '这超过了全部缓存内容的一半。',
  type: (phrase) => `请输入“${phrase}”以继续`,
  phrase: (n) => `移出 ${n}`,
  confirm: (what) => `移出 ${what}`,
  nothing: '没有可以移出的内容。',
  evicting: '正在移出…',
  doneUndo: (what, size) => `已移出 ${what}，十分钟后释放 ${size}。`,
  doneNow: (what, size) => `已移出 ${what}，释放了 ${size}。`,
  doneTags: (what) => `已移出 ${what}。`,
  things,
  leftOver: (n) => `有 ${n} 个未移出：在您查看之后发生了变化、被固定或正在使用。`,
  undoNow: '撤销',
  undone: (what) => `已恢复 ${what}。`,
  andMore: (n) => `另有 ${n} 个`,
  stillPulls: '移出缓存的内容仍可再次获取，届时会重新访问上游。',
}

import type { EvictWords } from '../en/evict.ts'
import { count } from './common.ts'

const images = (n: number): string => count(n, '个镜像')

export const evict: EvictWords = {
  title: (n) => `将 ${images(n)}移出缓存？`,
  titleUnknown: '移出缓存？',
  frees: '可释放',
  stays: (total, kept) => `合计 ${total}，其中 ${kept} 因其他镜像仍在使用而保留`,
  staysNone: (total) => `全部释放：这 ${total} 没有其他镜像在用`,
  also: '一并移出',
  alsoTags: (n) => `${count(n, '个标签')}指向相同的镜像`,
  skipped: '跳过',
  pinned: (n) => `${images(n)}已固定保留`,
  inUse: (n) => `${images(n)}正在被拉取`,
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
  confirm: (n) => `移出 ${images(n)}`,
  nothing: '没有可以移出的内容。',
  evicting: '正在移出…',
  doneUndo: (n, size) => `已移出 ${images(n)}，十分钟后释放 ${size}。`,
  doneNow: (n, size) => `已移出 ${images(n)}，释放了 ${size}。`,
  leftOver: (n) => `有 ${images(n)}未移出：在您查看之后发生了变化、被固定或正在拉取。`,
  undoNow: '撤销',
  undone: (n) => `已恢复 ${images(n)}。`,
  andMore: (n) => `另有 ${n} 个`,
  stillPulls: '移出缓存的镜像仍可再次拉取，届时会从上游获取。',
}

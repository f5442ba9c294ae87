import type { FilesWords } from '../en/files.ts'
import { count } from './common.ts'

export const files: FilesWords = {
  title: '文件',
  kinds: {
    label: '类型',
    all: '全部',
    github: 'GitHub',
    hf: 'Hugging Face',
    go: 'Go',
    git: 'Git',
  },
  sum: (files, size) => `${files} · ${size}`,
  search: '名称或筛选条件',
  searchPlaceholder: 'owner/repo · idle:30d · >100MiB',
  kind: '类型',
  uses: '使用次数',
  source: '来源',
  sourceOf: (name) => `打开 ${name} 的来源页面`,
  found: (n) => count(n, '个文件'),
  alsoFiles: (n) => `另有 ${count(n, '个文件')}符合条件`,
  alsoImages: (n) => `另有 ${count(n, '个镜像仓库')}符合条件`,
  empty: '还没有缓存任何文件',
  emptyMore:
    '客户端经由本缓存获取 GitHub 的发布文件和源码文件、Hugging Face 模型、Go 模块或 Git 仓库之后，会出现在这里。',
  copied: '已复制名称。',
  whole: '整个仓库',
  notCached: '这个文件不在缓存中',
  evicted: '它可能已被移出，或者还没有人获取过。',
  get: '通过本缓存获取',
  madeOf: '组成部分',
  type: '媒体类型',
  fetchedAt: '获取时间',
  checkedAt: '确认时间',
  shared: '与以下文件有相同的内容',
  convert: {
    label: '文件、模型、模块或仓库的网址',
    example: 'https://github.com/owner/repo/releases/download/v1/app.tar.gz',
  },
  cached: (size) => `已缓存，${size}`,
  partial: (here, size) => `部分缓存，${here} / ${size}`,
  fetch: '拉入缓存',
}

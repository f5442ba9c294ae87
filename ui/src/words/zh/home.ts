import type { HomeWords } from '../en/home.ts'

export const home: HomeWords = {
  title: '所有镜像仓库，共用一个缓存',
  lead: '镜像第一次拉取时来自上游仓库，之后都由这里提供：速度更快，不消耗拉取限额，上游故障时也照常可用。GitHub 文件、Git 仓库、Go 模块和 Hugging Face 模型同样如此。',
  address: '加速地址',
  addressOf: '本缓存的加速地址',
  addressHint: '把它写在镜像名称前面即可。Docker Hub 的镜像不需要其他改动。',
  plain: '这个地址使用明文 HTTP，多数客户端默认会拒绝，需要先在客户端放行。接入页面会一并处理。',
  closed: '在当前网络中拉取镜像需要登录。',
  convert: {
    title: '转换名称或网址',
    label: '镜像名称、拉取命令，或者镜像、文件、模型、仓库的网址',
    example: 'docker pull ghcr.io/org/app:1.2',
    result: '通过本缓存使用：',
    hint: '转换时不会访问任何上游。',
  },
  snippets: {
    title: '使用示例',
    pull: '命令行',
    dockerfile: 'Dockerfile 中',
    compose: 'Compose 文件中',
    file: '下载文件',
  },
  setup: {
    title: '不改动任何镜像名称',
    lead: '在客户端配置一次，之后所有拉取都会自动经过这里。',
    action: '接入客户端',
  },
}

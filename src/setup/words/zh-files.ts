import type { FileWords } from './file-words.ts'

export const zhFiles: FileWords = {
  forGood: '对当前用户长期生效',
  thisShell: '仅当前终端，也可写入用户的 profile',
  onlyOnce: '仅用于一条命令',
  inPython: '在 Python 中（须在导入之前设置）',
  inJavascript: '在 JavaScript 中（每次调用都要传入）',
  withLlama: '使用 llama.cpp',
  withCurl: '用 curl 下载 release 文件',
  withWget: '用 wget 下载',
  withAria: '用 aria2 以 8 个连接下载',
  rawFile: '下载仓库中的单个文件',
  everyClone: '当前用户对 github.com 的所有 clone 和 fetch',
  pushes: '推送仍直接到 GitHub',
  privateRepositories: '私有仓库直接访问原服务器',
  oneClone: '不改配置，只克隆一次',
  authority: '信任您的 CA 证书',
  privateModules: '不经过本缓存的模块',
  goBack: '恢复原样',
  goChecksums: '校验和照常比对。缓存配置了校验和数据库时，go 也会经由这里查询，因此无需设置 GONOSUMDB。',
  goDirect:
    '逗号后面是本缓存及其上游都没有某个模块时 go 的做法。被规则禁止或无法连接时仍会报错，不会绕过缓存。',
  goStrict: '本缓存取不到的模块，go 不会再去别处寻找。',
  goLogin:
    '需要登录时：go 只在 https 下发送账号密码，来自 ~/.netrc 或地址本身（https://用户名:密码@…）。拉取密钥在 http 下也可用。',
  goAuthority: (path) => `go 使用系统信任的证书；在 Linux 上也可以：export SSL_CERT_FILE=${path}`,
  hubBeforeImport:
    'HF_ENDPOINT 只在导入 huggingface_hub 时读取一次。transformers、diffusers、vLLM 等都会随之生效。',
  hubTokens: '您自己的令牌不会被转发。受限或私有的内容使用本缓存的令牌获取，前提是管理员已为其配置。',
  hubOldCommand: '旧版本的命令名是 huggingface-cli，而不是 hf。',
  hubAuthority: (path) => `让 Python 信任该证书：export SSL_CERT_FILE=${path} REQUESTS_CA_BUNDLE=${path}`,
  githubAnyFile:
    '把加速地址加在 release、源码包、raw 文件或 gist 的网址前面即可，原网址保持不变（包括 https://）。',
  githubResume: '中断的下载可以续传；多个连接下载同一个文件时，只从上游获取一次。',
  githubPrivate: '私有内容只有在管理员为其配置了令牌时才能获取；网址中带账号密码的请求会被拒绝。',
  githubAuthority: (path) =>
    `curl --cacert ${path}，wget --ca-certificate=${path}，aria2c --ca-certificate=${path}`,
  gitLfs: 'git-lfs 的大文件会自动经由这里下载。',
  gitOtherHosts:
    '其他 Git 服务器用法相同，前提是管理员已将其列入 git.hosts：把 github.com 换成它的名称即可。',
  gitPrivate: '私有仓库不经过本缓存：设置更长的 insteadOf 前缀，git 就会直接访问原服务器。',
}

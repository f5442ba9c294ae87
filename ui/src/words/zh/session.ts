import type { SessionWords } from '../en/session.ts'

export const session: SessionWords = {
  title: '登录',
  lead: '控制台供管理这个缓存的人使用。拉取镜像不一定需要登录。',
  user: '用户名',
  password: '密码',
  show: '显示密码',
  hide: '隐藏密码',
  capsLock: '大写锁定已打开。',
  submit: '登录',
  wrong: '用户名或密码不正确。',
  noUsers: '还没有任何用户。服务启动时打印了一个初始化链接，打开它即可创建第一个管理员。',
  setUp: {
    title: '创建第一个管理员',
    lead: '现在还没有人可以登录。请为管理这个缓存的人设置用户名和密码。',
    rule: '至少 8 个字符。',
    submit: '创建',
    gone: '此链接已失效：已经有用户了，或者服务重启后打印了新的链接。',
  },
}

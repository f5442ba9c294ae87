export interface SetupWords {
  readonly lang: string
  readonly title: string
  readonly intro: string
  readonly name: string
  readonly password: string
  readonly rule: string
  readonly submit: string
  readonly doneTitle: string
  readonly done: string
  readonly goneTitle: string
  readonly gone: string
  readonly failed: string
}

const EN: SetupWords = {
  lang: 'en',
  title: 'The first admin',
  intro: 'Nobody can log in yet. Choose a name and a password for whoever looks after this cache.',
  name: 'Name',
  password: 'Password',
  rule: 'At least 8 characters.',
  submit: 'Create',
  doneTitle: 'You can log in now',
  done: 'This link is used up. Further users: cachalot user add NAME',
  goneTitle: 'This link is no longer good',
  gone: 'There is a user already, or the server was started anew and printed another link.',
  failed: 'The user could not be written down, or there were too many tries. The log of the server says why.',
}

const ZH: SetupWords = {
  lang: 'zh-CN',
  title: '创建第一个管理员',
  intro: '现在还没有任何用户。请为管理这个缓存的人设置用户名和密码。',
  name: '用户名',
  password: '密码',
  rule: '至少 8 个字符。',
  submit: '创建',
  doneTitle: '可以登录了',
  done: '此链接已失效。添加其他用户：cachalot user add NAME',
  goneTitle: '此链接已失效',
  gone: '已经有用户了，或者服务重启后打印了新的链接。',
  failed: '无法保存用户，或者尝试次数过多。详情见服务日志。',
}

/** The language that the client prefers of those there are (RFC 9110 §12.5.4); the first one named counts. */
export function setupWords(acceptLanguage: string | undefined): SetupWords {
  const named = (acceptLanguage ?? '')
    .toLowerCase()
    .split(',')
    .map((part) => part.trim())
  const first = named.find((part) => part.startsWith('zh') || part.startsWith('en'))
  return first?.startsWith('zh') === true ? ZH : EN
}

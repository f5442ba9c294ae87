export const session = {
  title: 'Log in',
  lead: 'The console is for those who look after this cache. Pulling images may need no login.',
  user: 'User name',
  password: 'Password',
  show: 'Show password',
  hide: 'Hide password',
  capsLock: 'Caps Lock is on.',
  submit: 'Log in',
  wrong: 'The user name or the password is wrong.',
  noUsers:
    'There is no user yet. The server printed a set-up link when it started: open it to make the first admin.',
  setUp: {
    title: 'The first admin',
    lead: 'Nobody can log in yet. Choose a name and a password for whoever looks after this cache.',
    rule: 'At least 8 characters.',
    submit: 'Create',
    gone: 'This link is no longer good: there is a user already, or the server was started anew and printed another one.',
  },
}

export type SessionWords = typeof session

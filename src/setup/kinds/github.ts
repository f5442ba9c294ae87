import { CHECK_NAME } from '../plan.ts'
import { type Client, info } from './client.ts'
import { toldByCommands } from './files.ts'

/** A file of a few bytes that has been there for years. */
const SMALL = 'octocat/Hello-World'
const RELEASE = 'https://github.com/OWNER/REPOSITORY/releases/download/TAG/FILE'

export const github: Client = (plan, words) => {
  const { files } = words
  const { mirror, nonce, ca } = plan
  const repository = nonce === undefined ? SMALL : `${CHECK_NAME}/${nonce}`
  const raw = (name: string): string => `${mirror}/https://raw.githubusercontent.com/${name}/master/README`
  return toldByCommands(plan, words, {
    steps: [
      { title: files.withCurl, text: `curl -fLO ${mirror}/${RELEASE}` },
      { title: files.withWget, text: `wget ${mirror}/${RELEASE}` },
      { title: files.withAria, text: `aria2c -x8 ${mirror}/${RELEASE}` },
      { title: files.rawFile, text: `curl -fL ${raw('OWNER/REPOSITORY')}` },
    ],
    test: `curl -fsSL ${raw(repository)}`,
    notes: [
      info(files.githubAnyFile),
      info(files.githubResume),
      info(files.githubPrivate),
      ...(ca === undefined ? [] : [info(files.githubAuthority(ca))]),
    ],
  })
}

import { urlOf } from '../address.ts'
import { CHECK_NAME } from '../plan.ts'
import { type Client, info } from './client.ts'
import { toldByCommands } from './files.ts'

const HOST = 'https://github.com/'
const SMALL = 'octocat/Hello-World'

export const git: Client = (plan, words) => {
  const { files } = words
  const { mirror, nonce, ca, address } = plan
  const repository = nonce === undefined ? SMALL : `${CHECK_NAME}/${nonce}`
  const ours = `${mirror}/${HOST}`
  return toldByCommands(plan, words, {
    steps: [
      { title: files.everyClone, text: `git config --global url.${ours}.insteadOf ${HOST}` },
      { title: files.pushes, text: `git config --global url.${HOST}.pushInsteadOf ${HOST}` },
      {
        title: files.privateRepositories,
        text: `git config --global url.${HOST}MY-ORG/.insteadOf ${HOST}MY-ORG/`,
      },
      ...(ca === undefined
        ? []
        : [
            {
              title: files.authority,
              text: `git config --global http.${urlOf(address)}/.sslCAInfo ${ca}`,
            },
          ]),
      { title: files.oneClone, text: `git clone ${ours}OWNER/REPOSITORY.git` },
      {
        title: files.goBack,
        text: `git config --global --remove-section url.${ours}\ngit config --global --remove-section url.${HOST}`,
      },
    ],
    test: `git ls-remote ${HOST}${repository}`,
    notes: [info(files.gitLfs), info(files.gitOtherHosts), info(files.gitPrivate)],
  })
}

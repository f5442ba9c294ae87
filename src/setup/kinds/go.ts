import { CHECK_NAME, type Plan } from '../plan.ts'
import { bareWord } from '../quote.ts'
import type { Client } from './client.ts'
import { info } from './client.ts'
import { toldByCommands } from './files.ts'

/** A small module with versions, and one that nobody has. */
const SMALL = 'golang.org/x/text'

export const go: Client = (plan, words) => {
  const { files } = words
  const { nonce, ca, isStrict } = plan
  const proxy = bareWord(proxyOf(plan))
  const module = nonce === undefined ? SMALL : `${CHECK_NAME}.invalid/${nonce}`
  return toldByCommands(plan, words, {
    steps: [
      { title: files.forGood, text: `go env -w GOPROXY=${proxy}` },
      { title: files.thisShell, text: `export GOPROXY=${proxy}` },
      { title: files.privateModules, text: "go env -w GOPRIVATE='git.example.com/*'" },
      { title: files.goBack, text: 'go env -u GOPROXY' },
    ],
    test: `go list -m -versions ${module}`,
    notes: [
      info(files.goChecksums),
      info(isStrict ? files.goStrict : files.goDirect),
      info(files.goLogin),
      ...(ca === undefined ? [] : [info(files.goAuthority(ca))]),
    ],
  })
}

function proxyOf({ mirror, isStrict }: Plan): string {
  return isStrict ? `${mirror}/go` : `${mirror}/go,direct`
}

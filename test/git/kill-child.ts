import { startGitLab } from '../support/fake-git-lab.ts'

/** A cache in a process of its own, to be killed: says its address and goes on until then. */
const [url = '', dataDir = ''] = process.argv.slice(2)
const lab = await startGitLab({ after: () => undefined }, { url, dataDir })
console.log(lab.url)

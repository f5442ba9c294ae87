import type { SetupKind } from '../setup.ts'
import type { FileWords } from './file-words.ts'

/** What scripts say: remarks in them, and lines they print. Each is one line. */
export interface ScriptWords {
  readonly tryIt: string
  readonly already: string
  readonly written: string
  readonly left: string
  readonly restored: string
  readonly changedSince: string
  readonly noJson: string
  readonly otherFolder: string
  readonly oldMirrors: string
  readonly oldVersion: string
  readonly oldRegistries: string
  readonly byHand: string
  readonly readable: string
  readonly aboutPut: string
  readonly aboutFolder: string
  readonly aboutBase: string
  readonly aboutChange: string
  readonly aboutGuard: string
  readonly aboutRestore: string
  readonly aboutJson: string
  readonly aboutHosts: string
  readonly aboutConfigPath: string
  readonly aboutYaml: string
  readonly aboutOthers: string
  readonly aboutMirrors: string
  readonly aboutDropIn: string
  readonly aboutAuthority: string
}

/** What stands beside scripts, for people. */
export interface NoteWords {
  readonly keyOverHttp: string
  readonly keyReadable: string
  readonly keyNeedsDocker25: string
  readonly hubAlone: string
  readonly containerdStore: string
  readonly dockerLogin: string
  readonly dockerStrict: string
  readonly desktop: string
  readonly desktopAuthority: (host: string) => string
  readonly nas: string
  readonly nasSynology: string
  readonly nasUnraid: string
  readonly nasFnos: string
  readonly nasQnap: string
  readonly readEveryPull: string
  readonly ctrNeedsFolder: string
  readonly podSecret: string
  readonly strictHosts: string
  readonly everyNode: string
  readonly kubeletLastError: string
  readonly k3sStrict: string
  readonly podmanLogin: string
  readonly podmanUserFile: string
  readonly skopeoInspect: string
  readonly skopeoVariable: string
  readonly crioAuth: string
  readonly buildxDriver: string
  readonly buildxName: string
  readonly buildxKey: string
  readonly buildkitStrict: string
  readonly nerdctlRootless: string
  readonly kubernetesNodes: string
  readonly kubernetesSecret: string
  readonly kubernetesKey: string
  readonly authorityFile: (path: string) => string
  readonly plainHttp: string
}

/** The page that shows all of it without any script in a browser. */
export interface PageWords {
  readonly lang: string
  readonly title: string
  readonly lead: (address: string) => string
  readonly more: string
  readonly console: string
  readonly all: string
  readonly toScripts: (client: string) => string
  readonly apply: string
  readonly undo: string
  readonly files: string
  readonly steps: string
  readonly reload: string
  readonly test: string
  readonly notes: string
  readonly clients: Readonly<Record<SetupKind, string>>
}

export interface Words {
  readonly page: PageWords
  readonly script: ScriptWords
  readonly notes: NoteWords
  readonly files: FileWords
  /** First line of a script that sets a client up, and of the one that undoes it. */
  readonly applies: (client: string, address: string) => string
  readonly undoes: (client: string) => string
}

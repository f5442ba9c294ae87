/** What is said about clients that are told by a command or a variable: what each step is for, and what to know. */
export interface FileWords {
  readonly forGood: string
  readonly thisShell: string
  readonly onlyOnce: string
  readonly inPython: string
  readonly inJavascript: string
  readonly withLlama: string
  readonly withCurl: string
  readonly withWget: string
  readonly withAria: string
  readonly rawFile: string
  readonly everyClone: string
  readonly pushes: string
  readonly privateRepositories: string
  readonly oneClone: string
  readonly authority: string
  readonly privateModules: string
  readonly goBack: string
  readonly goChecksums: string
  readonly goDirect: string
  readonly goStrict: string
  readonly goLogin: string
  readonly goAuthority: (path: string) => string
  readonly hubBeforeImport: string
  readonly hubTokens: string
  readonly hubOldCommand: string
  readonly hubAuthority: (path: string) => string
  readonly githubAnyFile: string
  readonly githubResume: string
  readonly githubPrivate: string
  readonly githubAuthority: (path: string) => string
  readonly gitLfs: string
  readonly gitOtherHosts: string
  readonly gitPrivate: string
}

import type { FileWords } from './file-words.ts'

export const enFiles: FileWords = {
  forGood: 'For this user, for good',
  thisShell: 'For this shell, or in the profile of a user',
  onlyOnce: 'For one command',
  inPython: 'In Python, before anything of it is imported',
  inJavascript: 'In JavaScript, in each call',
  withLlama: 'With llama.cpp',
  withCurl: 'A release, with curl',
  withWget: 'With wget',
  withAria: 'With aria2 and eight connections',
  rawFile: 'A file of a repository',
  everyClone: 'Every clone and fetch of github.com, for this user',
  pushes: 'Pushes go to GitHub itself',
  privateRepositories: 'Private repositories, from their server itself',
  oneClone: 'One clone, without changing anything',
  authority: 'Trust the certificate of your authority',
  privateModules: 'Modules that are not to come from here',
  goBack: 'Back to how it was',
  goChecksums:
    'Checksums are compared as usual. Where this cache has the checksum database, go asks for it here too, so ' +
    'GONOSUMDB need not be set.',
  goDirect:
    'Behind the comma stands what go does with modules that neither this cache nor its upstreams have. What a rule ' +
    'denies, and what cannot be reached, stays an error.',
  goStrict: 'Modules that this cache does not get are not looked for elsewhere.',
  goLogin:
    'Where a login is wanted: go sends one only over https, from ~/.netrc or from the address ' +
    '(https://NAME:PASSWORD@…). A pull key works with http too.',
  goAuthority: (path) => `go trusts what the system trusts; on Linux also: export SSL_CERT_FILE=${path}`,
  hubBeforeImport:
    'HF_ENDPOINT is read once, when huggingface_hub is imported. transformers, diffusers, vLLM and others follow it.',
  hubTokens:
    'A token of yours is not passed on. What is gated or private comes with the token of this cache, where its ' +
    'operator has set one for it.',
  hubOldCommand: 'Older versions call the command huggingface-cli instead of hf.',
  hubAuthority: (path) =>
    `Python trusts the certificate with: export SSL_CERT_FILE=${path} REQUESTS_CA_BUNDLE=${path}`,
  githubAnyFile:
    'Put the address in front of any address of a release, archive, raw file or gist; https:// and all stays as it is.',
  githubResume:
    'Interrupted downloads go on where they stopped, and several connections fetch a file only once.',
  githubPrivate:
    'What is private comes only where the operator of this cache has set a token for it; a login in an address is ' +
    'refused.',
  githubAuthority: (path) =>
    `curl --cacert ${path}, wget --ca-certificate=${path}, aria2c --ca-certificate=${path}`,
  gitLfs: 'Large files of git-lfs come through here by themselves.',
  gitOtherHosts:
    'Other servers work alike, if the operator has listed them in git.hosts: put their name in the place of github.com.',
  gitPrivate:
    'Private repositories do not pass this cache: a longer insteadOf lets git go to their server itself.',
}

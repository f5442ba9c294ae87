/** Keys of git's configuration that hold for every run, whatever files say. */
const ALWAYS: Readonly<Record<string, string>> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'credential.helper': '',
  'fetch.unpackLimit': '1',
  'gc.auto': '0',
  'http.followRedirects': 'false',
  'http.proxy': '',
  'http.postBuffer': '1048576',
  'maintenance.auto': 'false',
  // More threads would each take as much memory again, and the cores are everybody's.
  'pack.threads': '1',
  'pack.windowMemory': '64m',
  'pack.deltaCacheSize': '64m',
  'core.packedGitLimit': '256m',
  'protocol.version': '2',
  // Folders may belong to somebody else, as they do on some network shares; nothing in them is believed.
  'safe.directory': '*',
  'submodule.recurse': 'false',
  'transfer.credentialsInUrl': 'die',
  // What was fetched for somebody by its name alone is not a branch of the repository.
  'transfer.hideRefs': 'refs/keep/',
  'uploadpack.allowAnySHA1InWant': 'true',
  'uploadpack.allowFilter': 'true',
  // This one reads a file of the repository and can take minutes of a processor.
  'uploadpackfilter.sparse:oid.allow': 'false',
}

export interface EnvironmentOptions {
  /** What the client said in Git-Protocol, if it is one of the known ones. */
  readonly protocol?: string | undefined
  /** Sent with every request of git, to the relay alone. */
  readonly header?: string
}

/**
 * The whole environment of a run of git. Nothing of our own is in it but PATH, no file of configuration of this machine is
 * read, and http alone is spoken: to the relay on loopback.
 */
export function environmentOf({ protocol, header }: EnvironmentOptions = {}): Record<string, string> {
  const settings = header === undefined ? ALWAYS : { ...ALWAYS, 'http.extraHeader': header }
  const pairs = Object.entries(settings).flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ])
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_ALLOW_PROTOCOL: 'http',
    GIT_ASKPASS: '/bin/false',
    GIT_CONFIG_COUNT: String(Object.keys(settings).length),
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    ...(protocol === undefined ? {} : { GIT_PROTOCOL: protocol }),
    ...Object.fromEntries(pairs),
  }
}

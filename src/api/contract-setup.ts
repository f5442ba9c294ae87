/** How clients are told to use this cache, and what the configuration says. */
import type { AgentKind } from '../activity/agent.ts'
import type { CheckShape } from '../domain/client-check.ts'
import type { FileKind } from '../domain/file-names.ts'
import type { Setup, SetupKind, SetupLanguage } from '../setup/setup.ts'
import type { Nothing } from './contract.ts'

export type { Setup, SetupFile, SetupKind, SetupNote } from '../setup/setup.ts'

export interface SetupOptions {
  readonly kind: SetupKind
  /** "https://cache.example.com"; by default as the asker came. */
  readonly base?: string
  /** Upstreams to mirror, by name or alias; by default all that names of images can begin with. */
  readonly registries?: readonly string[]
  readonly key?: string
  /** Path of an authority's certificate on the client; without a meaning where the address is plain http. */
  readonly ca?: string
  /** Never ask the registry itself. */
  readonly strict?: boolean
  readonly language?: SetupLanguage
  /** Twenty small letters and digits: `check` of the answer pulls a name with it, that GET /setup/watch waits for. */
  readonly nonce?: string
}

/** Who pulled the name that was made for a check. */
export interface SetupSeen {
  readonly at: number
  /** Address. */
  readonly client: string
  readonly kind: AgentKind
  /** "docker 29.1.3"; empty where it did not say. */
  readonly agent: string
  /** What it takes this cache for: "docker.io". */
  readonly upstream: string
  readonly shape: CheckShape
}

export interface SetupWatch {
  readonly seen?: SetupSeen
}

/** Lines for people who have a name or an address and want it through the cache. */
export interface Converted {
  /**
   * As GET /lookup and POST /fetch take it: "docker.io/library/nginx:1.27", "go:golang.org/x/text@v0.3.0", "hf:org/model",
   * and with a branch or tag, "hf:org/model@main/config.json".
   */
  readonly name: string
  readonly kind: 'image' | FileKind
  /** Where this cache has it; of images, and of whole models and modules, undefined: no single address is theirs. */
  readonly url?: string
  readonly lines: readonly { readonly label: string; readonly text: string }[]
}

export interface ConfigRow {
  /** "cache.tag_ttl" */
  readonly key: string
  readonly value: string
  /** "default", "config.toml:14", "CACHALOT_CACHE__TAG_TTL". */
  readonly origin: string
  readonly isDefault: boolean
}

export interface SetupApi {
  /** How to point a client at this cache. Nobody has to be logged in who may pull. */
  'POST /setup/render': { in: SetupOptions; out: Setup }
  /** Whether the client that somebody sets up came with this nonce. Nobody has to be logged in who may pull. */
  'GET /setup/watch': { in: { nonce: string }; out: SetupWatch }
  /** From a name, an address or a pasted command to the lines that pull it through the cache. Asks nobody. */
  'GET /convert': { in: { text: string }; out: Converted }
  /** Every key as it is in effect; secrets are masked. */
  'GET /config': { in: Nothing; out: { file: string; items: readonly ConfigRow[] } }
}

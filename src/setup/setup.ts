/** What people are told about one kind of client; `api/contract-setup.ts` hands it on. */

export const SETUP_KINDS = [
  'docker',
  'docker-desktop',
  'nas',
  'containerd',
  'k3s',
  'podman',
  'crio',
  'buildkit',
  'nerdctl',
  'skopeo',
  'kubernetes',
  'go',
  'huggingface',
  'github',
  'git',
] as const
export type SetupKind = (typeof SETUP_KINDS)[number]
export type SetupLanguage = 'en' | 'zh'

export interface SetupFile {
  readonly path: string
  readonly content: string
}

/** A command, or some lines, with what they are for. */
export interface SetupStep {
  readonly title: string
  readonly text: string
}

export interface SetupNote {
  readonly level: 'info' | 'warn'
  readonly text: string
}

export interface Setup {
  readonly kind: SetupKind
  /** For reading: what the files hold in the end, where nothing was there before. */
  readonly files: readonly SetupFile[]
  /** For clients that a command or a variable tells: what to type, each by itself. */
  readonly steps?: readonly SetupStep[]
  /** A shell script that merges, keeps a copy, and can be run twice; undefined where there is no shell. */
  readonly apply: string | undefined
  /** Brings back what was there. */
  readonly undo: string | undefined
  readonly reload: string | undefined
  /** Pulls something small, to see whether it works. */
  readonly test: string
  /** The same with the name of the check that was asked for: it is answered by this cache alone, with 404. */
  readonly check?: string
  readonly notes: readonly SetupNote[]
}

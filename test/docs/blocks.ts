/** What these tests do with a block of a page, told by its language and its first line. */
export interface Kind {
  readonly language: string
  readonly first: RegExp
  /** `elsewhere`: the test that looks at it. */
  readonly how:
    | 'commands'
    | 'configuration'
    | 'containerd'
    | 'registries.conf'
    | 'buildkit'
    | 'daemon.json'
    | 'registries.yaml'
    | 'nginx'
    | 'banner'
    | { readonly elsewhere: string }
}

/** Every block is of exactly one kind. */
export const KINDS: readonly Kind[] = [
  { language: 'sh', first: /./, how: 'commands' },
  { language: '', first: /^\$ npx cachalot /, how: 'commands' },
  { language: '', first: /^ {2}set-up {2,}http/, how: 'banner' },
  { language: 'toml', first: /^\[\[(upstream|pin|rule|prefetch)\]\]|^\[server/, how: 'configuration' },
  { language: 'toml', first: /^# ghcr\.io\/hosts\.toml$/, how: 'containerd' },
  { language: 'toml', first: /^\[\[registry\]\]$/, how: 'registries.conf' },
  { language: 'toml', first: /^\[registry\./, how: 'buildkit' },
  { language: 'json', first: /registry-mirrors/, how: 'daemon.json' },
  { language: 'yaml', first: /^mirrors:$/, how: 'registries.yaml' },
  { language: 'yaml', first: /^apiVersion: v1$/, how: { elsewhere: 'test/packaging/readme.test.ts' } },
  { language: 'ini', first: /^\[Unit\]$/, how: { elsewhere: 'test/packaging/readme.test.ts' } },
  { language: 'nginx', first: /^location \/ \{$/, how: 'nginx' },
]

import { count } from './common.ts'

export const files = {
  title: 'Files',
  kinds: {
    label: 'Kind',
    all: 'All',
    github: 'GitHub',
    hf: 'Hugging Face',
    go: 'Go',
    git: 'git',
  },
  sum: (files: string, size: string) => `${files} · ${size}`,
  search: 'Name or filter',
  searchPlaceholder: 'owner/repo · idle:30d · >100MiB',
  kind: 'Kind',
  uses: 'Uses',
  source: 'Source',
  sourceOf: (name: string) => `${name} at its source`,
  found: (n: number) => count(n, 'file', 'files'),
  alsoFiles: (n: number) => `${count(n, 'file matches', 'files match')}, too`,
  alsoImages: (n: number) => `${count(n, 'repository matches', 'repositories match')}, too`,
  empty: 'No files are cached yet',
  emptyMore:
    'Releases and raw files of GitHub, models of Hugging Face, Go modules and git repositories appear here once a client fetched them through this cache.',
  copied: 'Name copied.',
  whole: 'mirror',
  notCached: 'This file is not cached',
  evicted: 'It may have been evicted, or nobody fetched it yet.',
  get: 'Get it through this cache',
  madeOf: 'What it is made of',
  type: 'Type',
  fetchedAt: 'Fetched',
  checkedAt: 'Checked',
  shared: 'Has bytes in common with',
  convert: {
    label: 'Address of a file, model, module or repository',
    example: 'https://github.com/owner/repo/releases/download/v1/app.tar.gz',
  },
  cached: (size: string) => `cached, ${size}`,
  partial: (here: string, size: string) => `partly cached, ${here} of ${size}`,
  fetch: 'Fetch into cache',
}

export type FilesWords = typeof files

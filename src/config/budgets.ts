import type { Config } from './config.ts'

/** What has a share of the cache of its own: registries by their names, other protocols each as a whole. */
export interface Budget {
  /** As in the upstream of keys. */
  readonly name: string
  /** Bytes; 0: no budget. */
  readonly maxSize: number
}

export function budgetsIn({ upstreams, go, github, huggingface }: Config): readonly Budget[] {
  return [
    ...upstreams,
    { name: 'go', maxSize: go.maxSize },
    { name: 'github', maxSize: github.maxSize },
    { name: 'hf', maxSize: huggingface.maxSize },
  ]
}

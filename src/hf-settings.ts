import type { Config } from './config/config.ts'
import type { HfSettings } from './frontends/hf/settings.ts'

type Known = Pick<Config, 'huggingface' | 'cache'>

/** What the front end of the hub of models has to know of the configuration. */
export function hfSettings({ huggingface, cache }: Known): HfSettings {
  const { enabled, url, tokenFor, hasToken, refTtl, maxFile, denySuffixes } = huggingface
  return {
    enabled,
    url,
    tokenFor: hasToken ? tokenFor : [],
    refTtl,
    staleIfError: cache.staleIfError,
    maxFile,
    denySuffixes,
  }
}

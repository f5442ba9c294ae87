import type { Config } from './config/config.ts'
import type { GoSettings } from './frontends/go/settings.ts'

/** What the front end of Go modules has to know of the configuration. */
export function goSettings({ go }: Pick<Config, 'go'>): GoSettings {
  const { enabled, verify, upstreams, private: hidden, whenUnreachable, listTtl } = go
  const databases = go.databases.map(({ name, key }) => ({ name, upstream: name, key }))
  return { enabled, verify, upstreams, databases, private: hidden, whenUnreachable, listTtl }
}

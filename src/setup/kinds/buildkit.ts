import type { Plan } from '../plan.ts'
import { quoted, shellWord } from '../quote.ts'
import { smallImage } from '../registries.ts'
import { BEGIN, END } from '../script/hosts-toml.ts'
import { TOML_TABLE } from '../script/toml-table.ts'
import { type Client, generalNotes, info, scripts, warn } from './client.ts'

const FILE = '/etc/buildkit/buildkitd.toml'

/** BuildKit; what is special about the cache stands in a table of its own and not in that of the registry. */
export const buildkit: Client = (plan, words) => {
  const work = {
    client: 'BuildKit',
    functions: [TOML_TABLE, registriesFunction(plan)],
    steps: [`change ${FILE} registries`],
    readers: 'root' as const,
    places: [FILE],
  }
  return {
    ...scripts(plan, words, work),
    files: [{ path: FILE, content: buildkitdToml(plan) }],
    reload: 'sudo systemctl try-restart buildkit',
    test: `echo 'FROM ${smallImage(plan)}' | docker buildx build --pull --no-cache -`,
    notes: [
      info(words.notes.buildxDriver),
      info(words.notes.buildxName),
      ...(plan.key === undefined ? [] : [info(words.notes.buildxKey)]),
      ...(plan.isStrict ? [warn(words.notes.buildkitStrict)] : []),
      ...generalNotes(plan, words.notes),
    ],
  }
}

interface Setting {
  readonly header: string
  readonly kind: 'list' | 'value'
  readonly key: string
  readonly value: string
}

function settingsOf({ registries, prefix, address, ca }: Plan): readonly Setting[] {
  const header = `[registry.${quoted(address.host)}]`
  return [
    ...registries.map((registry): Setting => {
      const table = `[registry.${quoted(registry)}]`
      return { header: table, kind: 'list', key: 'mirrors', value: quoted(prefix) }
    }),
    ...(address.isPlain ? [{ header, kind: 'value', key: 'http', value: 'true' } as const] : []),
    ...(ca === undefined ? [] : [{ header, kind: 'list', key: 'ca', value: quoted(ca) } as const]),
  ]
}

function buildkitdToml(plan: Plan): string {
  const tables = settingsOf(plan).flatMap(({ header, kind, key, value }) => {
    const shown = kind === 'list' ? `[${value}]` : value
    return [BEGIN, header, `  ${key} = ${shown}`, END]
  })
  return [...tables, ''].join('\n')
}

function registriesFunction(plan: Plan): string {
  const sets = settingsOf(plan).map(({ kind, header, key, value }) => {
    const words = [kind, header, key, value].map(shellWord).join(' ')
    return `  toml ${words} "$work/toml" >"$work/next" && mv "$work/next" "$work/toml" || return`
  })
  return ['registries() {', '  cat "$1" >"$work/toml"', ...sets, '  cat "$work/toml"', '}'].join('\n')
}

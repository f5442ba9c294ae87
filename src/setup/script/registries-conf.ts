import type { Plan } from '../plan.ts'
import { quoted, shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'
import { BEGIN, END } from './hosts-toml.ts'

export const DROP_IN = '/etc/containers/registries.conf.d/50-cachalot.conf'

/** What our own file of registries holds where no other file speaks of these registries. */
export function registriesConf(plan: Plan): string {
  const tables = plan.registries.flatMap((registry) => tableOf(plan, registry))
  return [BEGIN, ...tables, ...directTable(plan), END, ''].join('\n')
}

function tableOf(plan: Plan, registry: string): readonly string[] {
  const { prefix, isStrict, address } = plan
  const mirrored = `location = ${quoted(`${prefix}/${registry}`)}`
  const insecure = address.isPlain ? ['insecure = true'] : []
  const own = ['[[registry]]', `prefix = ${quoted(registry)}`]
  if (isStrict) return [...own, mirrored, ...insecure, '']
  return [...own, `location = ${quoted(registry)}`, ...mirrorTable(plan, registry), '']
}

function mirrorTable({ prefix, address }: Plan, registry: string): readonly string[] {
  const insecure = address.isPlain ? ['insecure = true'] : []
  return ['[[registry.mirror]]', `location = ${quoted(`${prefix}/${registry}`)}`, ...insecure]
}

/** Names that begin with the address of the cache itself. */
function directTable({ address }: Plan): readonly string[] {
  if (!address.isPlain) return []
  return ['[[registry]]', `location = ${quoted(address.host)}`, 'insecure = true']
}

/**
 * `dropin FILE`: our own file. What another file says of a registry would be lost if ours said something
 * too, so there the mirror goes into that file (`mirrors FILE`).
 */
export function registriesFunctions(words: ScriptWords): readonly string[] {
  return [
    `# ${words.aboutOthers}
others() {
  for found in "$root"/etc/containers/registries.conf "$root"/etc/containers/registries.conf.d/*.conf; do
    if [ -f "$found" ] && [ "$found" != "$root${DROP_IN}" ]; then printf '%s\\n' "$found"; fi
  done
}
speaks() {
  awk -v name="$1" '
    { text = $0; gsub(/[ \\t\\r\\047"]/, "", text) }
    text ~ /^\\[/ { if (known == name) found = 1; known = ""; inside = (text ~ /^\\[\\[registry\\]\\]/) }
    inside && index(text, "prefix=") == 1 { known = substr(text, 8); sub(/#.*/, "", known); fixed = 1 }
    inside && index(text, "location=") == 1 && !known { known = substr(text, 10); sub(/#.*/, "", known) }
    END { exit !(found || known == name) }' "$2"
}
concerned() {
  for name in $registries; do if speaks "$name" "$1"; then return 0; fi; done
  return 1
}
spoken() {
  others >"$work/others"
  while read -r other; do if speaks "$1" "$other"; then return 0; fi; done <"$work/others"
  return 1
}`,
    `# ${words.aboutMirrors}
mirrors() {
  cat "$1" >"$work/now"
  for name in $registries; do
    if ! speaks "$name" "$work/now"; then continue; fi
    if [ -n "$strict" ]; then say ${shellWord(words.byHand)} "$name" >&2; return 1; fi
    awk -v name="$name" -v place="$prefix/$name" -v insecure="$insecure" '
      function flush(   i, at, known, text, ready, mirrored) {
        at = held + 1
        for (i = 2; i <= held; i++) {
          text = hold[i]
          gsub(/[ \\t\\r\\047"]/, "", text)
          sub(/#.*/, "", text)
          if (text == "[[registry.mirror]]") { if (!mirrored) at = i; mirrored = 1 }
          if (!mirrored && index(text, "prefix=") == 1) known = substr(text, 8)
          if (!mirrored && index(text, "location=") == 1 && !known) known = substr(text, 10)
          if (mirrored && text == "location=" place) ready = 1
        }
        for (i = 1; i <= held + 1; i++) {
          if (i == at && known == name && !ready) {
            print "${BEGIN}"
            print "[[registry.mirror]]"
            print "location = \\"" place "\\""
            if (insecure) print "insecure = true"
            print "${END}"
          }
          if (i <= held) print hold[i]
        }
        held = 0
      }
      { text = $0; gsub(/[ \\t\\r]/, "", text) }
      text ~ /^\\[/ && text !~ /^\\[\\[registry\\.mirror\\]\\]/ { if (held) flush() }
      text ~ /^\\[\\[registry\\]\\]/ || held { hold[++held] = $0; next }
      { print }
      END { if (held) flush() }' "$work/now" >"$work/next" && mv "$work/next" "$work/now" || return
  done
  cat "$work/now"
}`,
    `# ${words.aboutDropIn}
dropin() {
  if grep -q '^[[:space:]]*\\[registries\\.' "$root/etc/containers/registries.conf" 2>/dev/null; then
    say ${shellWord(words.oldRegistries)} >&2
    return 1
  fi
  cat "$1"
  echo '${BEGIN}'
  for name in $registries; do
    if spoken "$name"; then continue; fi
    printf '%s\\n' '[[registry]]' "prefix = \\"$name\\""
    if [ -n "$strict" ]; then :; else printf '%s\\n' "location = \\"$name\\"" '[[registry.mirror]]'; fi
    echo "location = \\"$prefix/$name\\""
    if [ -n "$insecure" ]; then echo 'insecure = true'; fi
    echo
  done
  if [ -n "$insecure" ] && ! spoken "$host"; then
    printf '%s\\n' '[[registry]]' "location = \\"$host\\"" 'insecure = true'
  fi
  echo '${END}'
}`,
  ]
}

import type { Plan } from '../plan.ts'
import { quoted, shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'
import { BEGIN, END } from './hosts-toml.ts'

/** What registries.yaml of k3s holds where there was none. */
export function registriesYaml(plan: Plan): string {
  const url = quoted(plan.endpoint)
  const mirrors = plan.registries.flatMap((registry) => [
    BEGIN,
    `  ${quoted(registry)}:`,
    '    endpoint:',
    `      - ${url}`,
    END,
  ])
  const authority =
    plan.ca === undefined
      ? []
      : [
          'configs:',
          BEGIN,
          `  ${quoted(plan.address.host)}:`,
          '    tls:',
          `      ca_file: ${quoted(plan.ca)}`,
          END,
        ]
  return ['mirrors:', ...mirrors, ...authority, ''].join('\n')
}

/**
 * `entry SECTION NAME LINES FILE`: puts NAME with LINES below it into a mapping of the first level. A name
 * that is there keeps what it has; in `mirrors` our endpoint comes first in its list. Files that are not
 * written line by line are left to their owner.
 */
export function yamlFunctions(words: ScriptWords): readonly string[] {
  return [
    `# ${words.aboutYaml}
entry() {
  awk -v section="$1" -v name="$2" -v lines="$3" -v endpoint="$4" '
    function begin() { print "${BEGIN}" }
    function end() { print "${END}" }
    function spaces(text) { match(text, /^ */); return RLENGTH }
    function idle(text) { return text ~ /^[ \\t]*(#|$)/ }
    function fresh(indent,   i, n, part, pad) {
      pad = sprintf("%" indent "s", "")
      n = split(lines, part, "\\n")
      begin()
      print pad "\\"" name "\\":"
      for (i = 1; i <= n; i++) print pad part[i]
      end()
      done = 1
    }
    function named(text) {
      gsub(/[\\047"]/, "", text)
      sub(/^ */, "", text)
      return substr(text, 1, length(name) + 1) == name ":"
    }
    { all[NR] = $0 }
    END {
      for (i = 1; i <= NR; i++) {
        if (all[i] ~ /^\\t/ || all[i] ~ /^\\.\\.\\./ || (all[i] ~ /^---/ && started)) exit 3
        if (!idle(all[i]) && all[i] !~ /^---/) started = 1
        if (index(all[i], section ":") != 1) continue
        if (all[i] !~ /^[a-z]+:[ \\t]*(#.*)?$/) exit 3
        head = i
      }
      if (!head) {
        for (i = 1; i <= NR; i++) print all[i]
        print section ":"
        fresh(2)
        exit
      }
      last = NR + 1
      for (i = head + 1; i <= NR; i++) {
        if (idle(all[i])) continue
        if (spaces(all[i]) == 0) { last = i; break }
        if (!indent) indent = spaces(all[i])
        if (spaces(all[i]) == indent && named(all[i])) mine = i
      }
      if (mine) {
        stop = last
        for (i = mine + 1; i < last; i++) if (!idle(all[i]) && spaces(all[i]) <= indent) { stop = i; break }
        for (i = mine; i < stop; i++) {
          if (idle(all[i])) continue
          text = all[i]
          gsub(/[\\047"]/, "", text)
          if (text ~ "(- +|[[,] *)" endpoint "/? *([],}#]|$)") ready = 1
          if (!at && all[i] ~ /endpoint["\\047]?:[ \\t]*\\[/) at = i
          if (!at && all[i] ~ /endpoint["\\047]?:[ \\t]*(#.*)?$/) list = i
          if (!at && list && i > list && all[i] ~ /^ *- /) at = i
        }
        if (endpoint == "") exit 3
        if (!ready && !at) exit 3
      }
      for (i = 1; i <= NR; i++) {
        if (i == at && !ready) {
          begin()
          if (all[i] ~ /^ *- /) print sprintf("%" spaces(all[i]) "s", "") "- \\"" endpoint "\\""
          else {
            print "#was " all[i]
            match(all[i], /endpoint["\\047]?:[ \\t]*\\[/)
            printf "%s\\"%s\\", ", substr(all[i], 1, RSTART + RLENGTH - 1), endpoint
            print substr(all[i], RSTART + RLENGTH)
          }
          end()
          if (all[i] ~ /^ *- /) print all[i]
        } else print all[i]
        if (i == head && !mine) fresh(indent ? indent : 2)
      }
    }' "$5" || { say ${shellWord(words.byHand)} "$2" >&2; return 1; }
}`,
  ]
}

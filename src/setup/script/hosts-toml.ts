import type { Plan } from '../plan.ts'
import { quoted } from '../quote.ts'
import { originOf } from '../registries.ts'
import type { ScriptWords } from '../words/words.ts'

/** What hosts.toml of a registry holds where there was none. */
export function hostsToml(plan: Plan, registry: string): string {
  const server = plan.isStrict ? plan.mirror : originOf(registry)
  const lines = [BEGIN, `server = ${quoted(server)}`, ...hostTable(plan), END, '']
  return lines.join('\n')
}

/** The lines around ours, in every file that has comments. */
export const BEGIN = '# cachalot: begin'
export const END = '# cachalot: end'

function hostTable({ mirror, ca }: Plan): readonly string[] {
  const authority = ca === undefined ? [] : [`  ca = ${quoted(ca)}`]
  return [`[host.${quoted(mirror)}]`, '  capabilities = ["pull", "resolve"]', ...authority]
}

/**
 * `hosts REGISTRY FILE`: the cache becomes the first host of that file; others that are there stay behind
 * it.
 */
export function hostsFunctions(plan: Plan, words: ScriptWords): readonly string[] {
  const table = hostTable(plan).join('\\n')
  return [
    `# ${words.aboutHosts}
hosts() {
  server=https://$1
  if [ "$1" = docker.io ]; then server=https://registry-1.docker.io; fi
  if [ -n "$strict" ]; then server=$mirror; fi
  if grep -v '^[[:space:]]*#' "$2" | grep -qF -e "\\"$mirror\\"]" -e "'$mirror']"; then cat "$2"; return; fi
  awk -v server="$server" -v strict="$strict" -v table='${table}' '
    function begin() { print "${BEGIN}" }
    function end() { print "${END}" }
    function named() { print "server = \\"" server "\\""; seen = 1 }
    function ours() {
      begin()
      if (!seen && (strict || empty)) named()
      print table
      end()
      done = 1
    }
    BEGIN { empty = 1 }
    !/^[ \\t]*(#|$)/ { empty = 0 }
    !done && /^[ \\t]*server[ \\t]*=/ {
      seen = 1
      if (strict) { begin(); print "#was " $0; named(); end(); next }
    }
    !done && /^[ \\t]*\\[[ \\t]*"?(host|header)"?[ \\t]*[].]/ { ours() }
    { print }
    END { if (!done) ours() }' "$2"
}`,
  ]
}

import { shellWord } from '../quote.ts'
import type { ScriptWords } from '../words/words.ts'
import { BEGIN, END } from './hosts-toml.ts'
import { TOML_TABLE } from './toml-table.ts'

export const HOSTS_FOLDER = '/etc/containerd/certs.d'

/** Read by containerd 1.5 and everything later. */
const TABLE = '[plugins."io.containerd.grpc.v1.cri".registry]'
/** The same from configurations of version 3 on, which containerd 2 writes. */
const TABLE_3 = '[plugins."io.containerd.cri.v1.images".registry]'

/** What containerd's own configuration holds where there was none. */
export function containerdToml(): string {
  return [BEGIN, 'version = 2', TABLE, `  config_path = "${HOSTS_FOLDER}"`, END, ''].join('\n')
}

/** `config FILE`: Kubernetes' side of containerd looks into the folder of hosts.toml files. */
export function configFunctions(words: ScriptWords): readonly string[] {
  return [
    TOML_TABLE,
    `# ${words.aboutConfigPath}
config() {
  said() { grep -v '^[[:space:]]*#' "$file_read" | grep -qE "$1"; }
  file_read=$1
  if ! said '[^[:space:]]'; then
    cat "$1"
    printf '%s\\n' '${BEGIN}' 'version = 2' '${TABLE}' '  config_path = "${HOSTS_FOLDER}"' '${END}'
  elif said "^[[:space:]]*config_path *= *[\\"'](.*:)?${HOSTS_FOLDER}/?[:\\"']"; then cat "$1"
  elif said '^[[:space:]]*disabled_plugins[[:space:]]*=.*"cri"'; then cat "$1"
  elif said '^[[:space:]]*config_path[[:space:]]*=[[:space:]]*"[^"]'; then
    say ${shellWord(words.otherFolder)} >&2
    return 1
  elif said '\\.registry\\.mirrors\\.'; then
    say ${shellWord(words.oldMirrors)} >&2
    return 1
  elif said '^[[:space:]]*version[[:space:]]*=[[:space:]]*2'; then
    toml value '${TABLE}' config_path '"${HOSTS_FOLDER}"' "$1"
  elif said '^[[:space:]]*version[[:space:]]*=[[:space:]]*[3-9]'; then
    toml value '${TABLE_3}' config_path '"${HOSTS_FOLDER}"' "$1"
  else
    say ${shellWord(words.oldVersion)} >&2
    return 1
  fi
}`,
  ]
}

import type { Plan } from '../plan.ts'
import { quoted, shellWord } from '../quote.ts'
import { smallImage } from '../registries.ts'
import { BEGIN, END } from '../script/hosts-toml.ts'
import { registriesYaml, yamlFunctions } from '../script/registries-yaml.ts'
import type { SetupFile } from '../setup.ts'
import { type Client, generalNotes, info, scripts, warn } from './client.ts'

const FOLDER = '/etc/rancher/k3s'
const STRICT_FILE = 'config.yaml.d/cachalot.yaml'

/** k3s, and RKE2, which reads the same from another folder. */
export const k3s: Client = (plan, words) => {
  const strict = plan.isStrict ? ['  change "$folder/config.yaml.d/cachalot.yaml" strict'] : []
  const work = {
    client: 'k3s',
    // Each one comes before those that are there.
    values: { endpoint: plan.endpoint, registries: plan.registries.toReversed().join(' ') },
    functions: [...yamlFunctions(words.script), registriesFunction(plan), ...strictFunction(plan)],
    steps: [
      `folders=${FOLDER}`,
      'if [ -d "$root/etc/rancher/rke2" ]; then',
      '  folders=/etc/rancher/rke2',
      `  if [ -d "$root${FOLDER}" ]; then folders="$folders ${FOLDER}"; fi`,
      'fi',
      'for folder in $folders; do',
      '  change "$folder/registries.yaml" registries',
      ...strict,
      'done',
    ],
    readers: 'root' as const,
    places: ['/etc/rancher/*/registries.yaml', `/etc/rancher/*/${STRICT_FILE}`],
  }
  return {
    ...scripts(plan, words, work),
    files: [{ path: `${FOLDER}/registries.yaml`, content: registriesYaml(plan) }, ...strictFiles(plan)],
    reload: 'for unit in k3s k3s-agent rke2-server rke2-agent; do sudo systemctl try-restart $unit; done',
    test: `sudo k3s crictl pull ${smallImage(plan)}`,
    notes: [
      info(words.notes.everyNode),
      info(words.notes.kubeletLastError),
      ...(plan.isStrict ? [warn(words.notes.k3sStrict)] : []),
      ...generalNotes(plan, words.notes),
    ],
  }
}

/** One entry after the other, each into what the one before made. */
function registriesFunction({ ca, address }: Plan): string {
  const lines = `'  endpoint:\\n    - "'"$endpoint"'"'`
  const authority =
    ca === undefined
      ? []
      : [
          `  tls='  tls:\\n    ca_file: ${quoted(ca)}'`,
          `  entry configs ${shellWord(address.host)} "$tls" '' "$work/yaml" >"$work/next" &&`,
          '    mv "$work/next" "$work/yaml" || return',
        ]
  return [
    'registries() {',
    '  cat "$1" >"$work/yaml"',
    '  for name in $registries; do',
    `    entry mirrors "$name" ${lines} "$endpoint" "$work/yaml" >"$work/next" &&`,
    '      mv "$work/next" "$work/yaml" || return',
    '  done',
    ...authority,
    '  cat "$work/yaml"',
    '}',
  ].join('\n')
}

const STRICT = 'disable-default-registry-endpoint: true'

function strictFunction({ isStrict }: Plan): readonly string[] {
  return isStrict ? [`strict() { printf '%s\\n' '${BEGIN}' '${STRICT}' '${END}'; }`] : []
}

function strictFiles({ isStrict }: Plan): readonly SetupFile[] {
  if (!isStrict) return []
  return [{ path: `${FOLDER}/${STRICT_FILE}`, content: [BEGIN, STRICT, END, ''].join('\n') }]
}

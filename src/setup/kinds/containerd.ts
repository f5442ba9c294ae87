import type { Plan } from '../plan.ts'
import { shellWord } from '../quote.ts'
import { smallImage } from '../registries.ts'
import { configFunctions, containerdToml, HOSTS_FOLDER } from '../script/containerd-toml.ts'
import { hostsFunctions, hostsToml } from '../script/hosts-toml.ts'
import type { SetupFile } from '../setup.ts'
import { type Client, generalNotes, info, scripts } from './client.ts'

const CONFIG = '/etc/containerd/config.toml'
const PATTERN = `${HOSTS_FOLDER}/*/hosts.toml`

/** containerd as Kubernetes uses it. */
export const containerd: Client = (plan, words) => {
  const work = {
    client: 'containerd',
    functions: [...hostsFunctions(plan, words.script), ...configFunctions(words.script)],
    steps: [...hostsSteps(plan), `change ${CONFIG} config`],
    readers: 'root' as const,
    places: [CONFIG, PATTERN],
  }
  return {
    ...scripts(plan, words, work),
    files: [{ path: CONFIG, content: containerdToml() }, ...hostsFiles(plan)],
    reload: 'sudo systemctl restart containerd',
    test: `sudo ctr images pull --hosts-dir ${HOSTS_FOLDER} ${smallImage(plan)}`,
    notes: [
      info(words.notes.readEveryPull),
      info(words.notes.ctrNeedsFolder),
      ...(plan.key === undefined ? [info(words.notes.podSecret)] : []),
      ...(plan.isStrict ? [info(words.notes.strictHosts)] : []),
      ...generalNotes(plan, words.notes),
    ],
  }
}

/** nerdctl looks into containerd's folder by itself. */
export const nerdctl: Client = (plan, words) => {
  const work = {
    client: 'nerdctl',
    functions: hostsFunctions(plan, words.script),
    steps: hostsSteps(plan),
    readers: 'root' as const,
    places: [PATTERN],
  }
  return {
    ...scripts(plan, words, work),
    files: hostsFiles(plan),
    reload: undefined,
    test: `nerdctl pull ${smallImage(plan)}`,
    notes: [
      info(words.notes.nerdctlRootless),
      ...(plan.isStrict ? [info(words.notes.strictHosts)] : []),
      ...generalNotes(plan, words.notes),
    ],
  }
}

function hostsSteps({ registries }: Plan): readonly string[] {
  return registries.map((registry) => `change ${fileOf(registry)} hosts ${shellWord(registry)}`)
}

function hostsFiles(plan: Plan): readonly SetupFile[] {
  return plan.registries.map((registry) => ({ path: fileOf(registry), content: hostsToml(plan, registry) }))
}

function fileOf(registry: string): string {
  return `${HOSTS_FOLDER}/${registry}/hosts.toml`
}

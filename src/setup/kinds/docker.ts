import { DOCKER_HUB } from '../../domain/names.ts'
import type { Plan } from '../plan.ts'
import { shellWord } from '../quote.ts'
import { smallImage } from '../registries.ts'
import { daemonFunctions } from '../script/daemon-json.ts'
import { hostsFunctions, hostsToml } from '../script/hosts-toml.ts'
import type { Setup, SetupNote } from '../setup.ts'
import type { NoteWords } from '../words/words.ts'
import { authority } from './authority.ts'
import { type Client, generalNotes, info, scripts, warn } from './client.ts'

const DAEMON = '/etc/docker/daemon.json'
const CERTS = '/etc/docker/certs.d'

/** Docker Engine: Docker Hub by registry-mirrors, everything else by hosts.toml where the engine reads it. */
export const docker: Client = (plan, words) => {
  const others = plan.registries.filter((registry) => needsHosts(plan, registry))
  const certificate = authority(CERTS, plan, words.script.aboutAuthority)
  const daemon = mirrorsHub(plan) || plan.address.isPlain
  const work = {
    client: 'Docker',
    values: { fresh: daemonJson(plan).trimEnd(), hub: mirrorsHub(plan) ? plan.mirror : '' },
    functions: [
      ...daemonFunctions(words.script),
      ...hostsFunctions(plan, words.script),
      ...certificate.functions,
    ],
    steps: [
      ...(daemon ? [`change ${DAEMON} daemon`] : []),
      ...certificate.steps,
      ...others.map((registry) => `change ${hostsFile(registry)} hosts ${shellWord(registry)}`),
    ],
    readers: 'root' as const,
    places: [DAEMON, `${CERTS}/*/cachalot.crt`, `${CERTS}/*/hosts.toml`],
  }
  return {
    ...scripts(plan, words, work),
    files: [
      ...(daemon ? [{ path: DAEMON, content: daemonJson(plan) }] : []),
      ...others.map((registry) => ({ path: hostsFile(registry), content: hostsToml(plan, registry) })),
    ],
    reload: 'sudo systemctl reload docker',
    test: `docker pull ${smallImage(plan)}`,
    notes: notesOf(plan, words.notes),
  }
}

/** Docker Desktop has a window for its settings, and no folder that a script may count on. */
export const dockerDesktop: Client = (plan, { notes }) => ({
  ...byHand(plan, [info(notes.desktop)], notes),
  notes: [
    info(notes.desktop),
    ...(plan.ca === undefined ? [] : [info(notes.desktopAuthority(plan.address.host))]),
    ...notesOf(plan, notes),
  ],
})

/** Boxes that are set up in a browser. */
export const nas: Client = (plan, { notes }) => {
  const devices = [notes.nasSynology, notes.nasFnos, notes.nasUnraid, notes.nasQnap]
  return byHand(plan, [warn(notes.nas), ...devices.map(info)], notes)
}

function byHand(plan: Plan, first: readonly SetupNote[], notes: NoteWords): Omit<Setup, 'kind'> {
  return {
    files: [{ path: 'daemon.json', content: daemonJson(plan) }],
    apply: undefined,
    undo: undefined,
    reload: undefined,
    test: `docker pull ${smallImage({ ...plan, registries: [DOCKER_HUB] })}`,
    notes: [...first, ...notesOf(plan, notes)],
  }
}

/** Also where only other registries are asked for: the daemon has to know plain http. */
function daemonJson(plan: Plan): string {
  const { address, mirror } = plan
  const mirrors = mirrorsHub(plan) ? { 'registry-mirrors': [mirror] } : {}
  const insecure = address.isPlain ? { 'insecure-registries': [address.host] } : {}
  return `${JSON.stringify({ ...mirrors, ...insecure }, undefined, 2)}\n`
}

function mirrorsHub({ registries }: Plan): boolean {
  return registries.includes(DOCKER_HUB)
}

/**
 * For Docker Hub it would switch registry-mirrors off, which is what both image stores know; unless that is
 * wanted.
 */
function needsHosts({ isStrict }: Plan, registry: string): boolean {
  return registry !== DOCKER_HUB || isStrict
}

function hostsFile(registry: string): string {
  return `${CERTS}/${registry}/hosts.toml`
}

function notesOf(plan: Plan, notes: NoteWords): readonly SetupNote[] {
  return [
    info(notes.hubAlone),
    ...(plan.registries.some((registry) => needsHosts(plan, registry)) ? [info(notes.containerdStore)] : []),
    ...(plan.key === undefined ? [info(notes.dockerLogin)] : [warn(notes.keyNeedsDocker25)]),
    ...(plan.isStrict ? [warn(notes.dockerStrict)] : []),
    ...generalNotes(plan, notes),
  ]
}

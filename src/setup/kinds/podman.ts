import type { Plan } from '../plan.ts'
import { smallImage } from '../registries.ts'
import { DROP_IN, registriesConf, registriesFunctions } from '../script/registries-conf.ts'
import type { SetupNote } from '../setup.ts'
import type { NoteWords, Words } from '../words/words.ts'
import { authority } from './authority.ts'
import { type Client, generalNotes, info, scripts, warn } from './client.ts'

const CERTS = '/etc/containers/certs.d'
const OTHERS = ['/etc/containers/registries.conf', '/etc/containers/registries.conf.d/*.conf']

export const podman: Client = (plan, words) => {
  const image = smallImage(plan)
  const own = [words.notes.podmanLogin, words.notes.podmanUserFile]
  return told(plan, words, { client: 'podman', reload: undefined, test: `podman pull ${image}`, own })
}

export const crio: Client = (plan, words) => {
  const test = `sudo crictl pull ${smallImage(plan)}`
  const own = [words.notes.crioAuth, words.notes.podSecret]
  return told(plan, words, { client: 'CRI-O', reload: 'sudo systemctl reload crio', test, own })
}

export const skopeo: Client = (plan, words) => {
  const test = `skopeo inspect --no-tags docker://${smallImage(plan)}`
  const own = [words.notes.skopeoInspect, words.notes.skopeoVariable]
  return told(plan, words, { client: 'skopeo', reload: undefined, test, own })
}

interface Difference {
  readonly client: string
  readonly reload: string | undefined
  readonly test: string
  readonly own: readonly string[]
}

function told(plan: Plan, words: Words, { client, reload, test, own }: Difference): ReturnType<Client> {
  const certificate = authority(CERTS, plan, words.script.aboutAuthority)
  const work = {
    client,
    functions: [...registriesFunctions(words.script), ...certificate.functions],
    steps: [
      ...certificate.steps,
      'others >"$work/list"',
      'while read -r conf; do',
      '  if concerned "$conf"; then change "${conf#"$root"}" mirrors; fi',
      'done <"$work/list"',
      // Where an entry of another file could not be changed, ours would take its place.
      `if [ "$bad" = 0 ]; then change ${DROP_IN} dropin; fi`,
    ],
    // Without them podman of a user who is not root fails for every image, and so it does on nodes of CRI-O.
    readers: 'everybody' as const,
    places: [...OTHERS, `${CERTS}/*/cachalot.crt`],
  }
  return {
    ...scripts(plan, words, work),
    files: [{ path: DROP_IN, content: registriesConf(plan) }],
    reload,
    test,
    notes: notesOf(plan, words.notes, own),
  }
}

function notesOf(plan: Plan, notes: NoteWords, own: readonly string[]): readonly SetupNote[] {
  const key = plan.key === undefined ? [] : [warn(notes.keyReadable)]
  return [...own.map(info), ...key, ...generalNotes(plan, notes)]
}

import { CHECK_NONCE } from '../domain/client-check.ts'
import { AppError } from '../domain/errors.ts'
import { DOCKER_HUB } from '../domain/names.ts'
import { because } from '../domain/reasons.ts'
import { type Address, parseHost } from './address.ts'
import { type Forms, formsOf } from './forms.ts'
import type { SetupKind, SetupLanguage } from './setup.ts'

/** What is asked for, as it came. */
export interface PlanAsk {
  readonly kind: SetupKind
  readonly address: Address
  readonly registries: readonly string[]
  readonly key?: string | undefined
  readonly ca?: string | undefined
  readonly strict?: boolean | undefined
  readonly language?: SetupLanguage | undefined
  readonly nonce?: string | undefined
}

/** What is written for one client; every text in it was checked and can stand in any pair of quotes. */
export interface Plan extends Forms {
  readonly kind: SetupKind
  readonly address: Address
  /** At least one, "docker.io" first where it is among them. */
  readonly registries: readonly string[]
  readonly key: string | undefined
  /** An absolute path on the client. */
  readonly ca: string | undefined
  readonly isStrict: boolean
  readonly language: SetupLanguage
  /** Of the check that a page waits for; a tag, and nothing else anywhere. */
  readonly nonce: string | undefined
}

export { CHECK_NAME } from '../domain/client-check.ts'

/** Throws AppError `bad_request` for anything that could mean something else where it is written. */
export function planOf(ask: PlanAsk): Plan {
  const { kind, address, key, ca, strict = false, language = 'en', nonce } = ask
  if (parseHost(address.host) !== address.host) throw bad('setup_base')
  if (key !== undefined && !/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(key)) throw bad('setup_key')
  if (ca !== undefined && !isPath(ca)) throw bad('setup_ca')
  if (nonce !== undefined && !CHECK_NONCE.test(nonce))
    throw new AppError('bad_request', { message: 'a nonce has twenty small letters and digits' })
  const registries = [...new Set(ask.registries.map(checkedRegistry))]
  if (registries.length === 0) throw bad('setup_registries')
  const ordered = registries.toSorted((a, b) => Number(b === DOCKER_HUB) - Number(a === DOCKER_HUB))
  return {
    kind,
    address,
    registries: ordered,
    key,
    ca: address.isPlain ? undefined : ca,
    isStrict: strict,
    language,
    nonce,
    ...formsOf(address, key),
  }
}

/** Whether names of images can begin with it: anything else would be a repository of Docker Hub. */
export function isRegistry(name: string): boolean {
  return parseHost(name) === name && /[.:]|^localhost$/.test(name) && !name.startsWith('[')
}

function checkedRegistry(text: string): string {
  const name = text.toLowerCase()
  if (!isRegistry(name)) throw bad('setup_registry')
  return name
}

function isPath(text: string): boolean {
  return /^(?:\/[A-Za-z0-9._+@-]+)+$/.test(text) && !/(?:^|\/)\.\.?(?:\/|$)/.test(text) && text.length < 1024
}

function bad(why: 'setup_base' | 'setup_key' | 'setup_ca' | 'setup_registries' | 'setup_registry'): AppError {
  return new AppError('bad_request', because(why))
}

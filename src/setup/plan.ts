import { AppError } from '../domain/errors.ts'
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
}

export const DOCKER_HUB = 'docker.io'

/** Throws AppError `bad_request` for anything that could mean something else where it is written. */
export function planOf(ask: PlanAsk): Plan {
  const { kind, address, key, ca, strict = false, language = 'en' } = ask
  if (parseHost(address.host) !== address.host) throw bad('the address of the cache is none')
  if (key !== undefined && !/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(key)) throw bad('key: this is no pull key')
  if (ca !== undefined && !isPath(ca))
    throw bad('ca: an absolute path of letters, digits and . _ - + @ / without ".."')
  const registries = [...new Set(ask.registries.map(checkedRegistry))]
  if (registries.length === 0) throw bad('registries: name at least one')
  const ordered = registries.toSorted((a, b) => Number(b === DOCKER_HUB) - Number(a === DOCKER_HUB))
  return {
    kind,
    address,
    registries: ordered,
    key,
    ca: address.isPlain ? undefined : ca,
    isStrict: strict,
    language,
    ...formsOf(address, key),
  }
}

/** Whether names of images can begin with it: anything else would be a repository of Docker Hub. */
export function isRegistry(name: string): boolean {
  return parseHost(name) === name && /[.:]|^localhost$/.test(name) && !name.startsWith('[')
}

function checkedRegistry(text: string): string {
  const name = text.toLowerCase()
  if (!isRegistry(name)) throw bad('registries: a name like "ghcr.io"')
  return name
}

function isPath(text: string): boolean {
  return /^(?:\/[A-Za-z0-9._+@-]+)+$/.test(text) && !/(?:^|\/)\.\.?(?:\/|$)/.test(text) && text.length < 1024
}

function bad(message: string): AppError {
  return new AppError('bad_request', { message })
}

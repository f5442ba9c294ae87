import type { IncomingMessage } from 'node:http'
import type { Config } from '../config/config.ts'
import { AppError } from '../domain/errors.ts'
import { parseBase } from '../setup/address.ts'
import { PAGE_POLICY, preferredLanguage, setupPage } from '../setup/page.ts'
import { planOf } from '../setup/plan.ts'
import { renderSetup } from '../setup/render.ts'
import { SETUP_KINDS, type SetupLanguage } from '../setup/setup.ts'
import { registriesIn } from './setup.ts'
import type { Welcome } from './visitor.ts'

export interface PlainPage {
  readonly html: string
  /** For the header that keeps it to itself. */
  readonly policy: string
}

export interface PlainSetupDeps {
  readonly config: () => Config
  readonly welcome: Welcome
  readonly baseOf: (req: IncomingMessage) => string
  readonly mayPull: (address: string) => boolean
}

/**
 * How to point clients at this cache, for browsers without scripts: what POST /setup/render answers, for the address
 * this request came by. `?kind=` shows one client with its scripts, `?lang=` another language. Rejects with AppError
 * `unauthorized` for who may not pull, and `bad_request` where it came by an address that is none.
 */
export function createPlainSetup(deps: PlainSetupDeps): (req: IncomingMessage) => Promise<PlainPage> {
  return async (req) => {
    const { access, address: client } = await deps.welcome(req)
    if (access.principal.kind === 'anonymous' && !deps.mayPull(client)) throw new AppError('unauthorized')
    const address = parseBase(deps.baseOf(req))
    const query = new URLSearchParams(req.url?.split('?')[1])
    const language = languageOf(query.get('lang'), req.headers['accept-language'])
    const registries = registriesIn(deps.config().upstreams, undefined)
    const kind = SETUP_KINDS.find((one) => one === query.get('kind'))
    const setups = (kind === undefined ? SETUP_KINDS : [kind]).map((one) =>
      renderSetup(planOf({ kind: one, address, registries, language })),
    )
    return { html: setupPage({ address, language, setups }), policy: PAGE_POLICY }
  }
}

function languageOf(chosen: string | null, accepted: string | undefined): SetupLanguage {
  return chosen === 'en' || chosen === 'zh' ? chosen : preferredLanguage(accepted)
}

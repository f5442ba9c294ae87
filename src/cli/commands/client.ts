import { isKey } from '../../auth/key-text.ts'
import { AppError } from '../../domain/errors.ts'
import { type Address, parseBase } from '../../setup/address.ts'
import { isRegistry, type PlanAsk, planOf } from '../../setup/plan.ts'
import { renderSetup } from '../../setup/render.ts'
import { SETUP_KINDS, type Setup, type SetupKind } from '../../setup/setup.ts'
import type { Command } from '../command.ts'
import { requireConfig } from '../config.ts'
import type { Context } from '../context.ts'
import { CommandError, usageError } from '../exit.ts'
import { badValue } from '../flags.ts'
import { setupBlocks } from '../views/client-setup.ts'
import { baseOf, UNNAMED } from '../views/key-lines.ts'

/** `client setup KIND`: what the Setup page shows, without a browser. */
export const clientSetup: Command = {
  name: 'client setup',
  group: 'look',
  words: 'KIND',
  takes: [1, 1],
  summary: 'how to point a client at this cache',
  flags: {
    url: 'the address clients reach this cache by; server.public_url by default',
    http: true,
    ca: true,
    key: true,
    registries: true,
    strict: true,
    undo: true,
    json: true,
  },
  about: [
    `KIND is one of ${SETUP_KINDS.slice(0, 8).join(', ')},`,
    `${SETUP_KINDS.slice(8).join(', ')}.`,
    'Into a file or a pipe goes the script alone. It asks for sudo where it needs root, keeps copies of',
    'what it changes, and can be run twice; --undo gives the script that brings everything back.',
  ],
  examples: [
    'client setup docker',
    'client setup k3s --key ck_… --registries docker.io,ghcr.io',
    'client setup podman --url https://cache.example.com | ssh node1 sh',
  ],
  run: (context) => {
    const setup = render(context)
    if (context.flags.on('json')) return context.json(setup)
    const isUndo = context.flags.on('undo')
    const script = isUndo ? setup.undo : setup.apply
    if (isUndo && script === undefined)
      throw new CommandError({ what: `there is no script for ${setup.kind}`, hint: 'it is set up by hand' })
    if (script === undefined || (context.terminal.out.interactive && !isUndo))
      return context.print(setupBlocks(setup))
    context.write(script)
    for (const { level, text } of setup.notes) if (level === 'warn') context.note(`warning: ${text}`)
  },
}

function render(context: Context): Setup {
  const { flags, words, world } = context
  const { config } = requireConfig(context)
  const names = config.upstreams.map(({ name }) => name).filter(isRegistry)
  const key = flags.text('key')
  if (key !== undefined && !isKey(key)) throw badValue('key', key, 'that "cachalot key add" gave')
  const language = /^zh/i.test(world.env['LC_ALL'] || world.env['LC_MESSAGES'] || world.env['LANG'] || '')
  const ask: PlanAsk = {
    kind: kindOf(words[0] ?? ''),
    address: addressIn(context, baseOf(config.server)),
    registries: flags.text('registries')?.split(',') ?? names,
    key,
    ca: flags.text('ca'),
    strict: flags.on('strict'),
    language: language ? 'zh' : 'en',
  }
  return orUsage(() => renderSetup(planOf(ask)))
}

function kindOf(word: string): SetupKind {
  const kind = SETUP_KINDS.find((one) => one === word)
  if (kind !== undefined) return kind
  throw usageError({ what: `there is no client "${word}"`, hint: SETUP_KINDS.join(', ') })
}

function addressIn({ flags }: Context, known: Address): Address {
  const url = flags.text('url')
  const isPlain = flags.on('http')
  if (url !== undefined) {
    const given = orUsage(() =>
      parseBase(url.includes('://') ? url : `${isPlain ? 'http' : 'https'}://${url}`),
    )
    return isPlain ? { ...given, isPlain } : given
  }
  if (known.host.startsWith(UNNAMED))
    throw usageError({
      what: 'nobody said yet by which address clients reach this cache',
      hint: '--url http://cache.lan:5000, or server.public_url in the configuration',
    })
  return isPlain ? { ...known, isPlain } : known
}

/** What cannot be written safely is a mistake of whoever typed it. */
function orUsage<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw error instanceof AppError ? usageError(error.message) : error
  }
}

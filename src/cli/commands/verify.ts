import type { VerifyReport } from '../../api/contract-work.ts'
import { parseBytes } from '../../domain/units.ts'
import type { Command } from '../command.ts'
import type { Context } from '../context.ts'
import { EXIT, usageError } from '../exit.ts'
import { badValue } from '../flags.ts'
import { follow } from '../follow.ts'
import { withApi } from '../reach.ts'
import { verifyBlocks } from '../views/verify.ts'

/** `verify`: reads every blob and compares it with its name. */
export const verify: Command = {
  name: 'verify',
  group: 'keep in order',
  words: '[REF…]',
  takes: [0, Infinity],
  summary: 're-hash what is stored, compare index and disk',
  flags: {
    all: 'everything, which is what happens without a REF too',
    repair: true,
    'dry-run': 'repair nothing, whatever --repair says',
    rate: true,
    json: true,
  },
  about: [
    'REF is an image, or a file or mirror as "ls --files" names it. Mirrors of git are looked through by git itself.',
    'Damaged content is put aside and is fetched again when somebody asks for it; --repair fetches it now.',
    'Exit 8 where something is wrong and was not repaired. Pulls go on meanwhile.',
  ],
  examples: ['verify', 'verify nginx:1.27', 'verify hf:org/model', 'verify --repair --rate 200MiB/s'],
  run: (context) => {
    const rate = rateOf(context)
    const { words: names, flags, signal } = context
    if (names.length > 0 && flags.on('all'))
      throw usageError({ what: 'a name and --all contradict each other', hint: 'one of them' })
    const repair = flags.on('repair') && !flags.on('dry-run')
    return withApi(context, async ({ api }) => {
      const said = api.stream('/verify', { names, repair, rate }, { signal })
      const report = await follow(said, { context, verb: 'verifying', noun: 'blobs' })
      if (flags.on('json')) context.json(report)
      else context.print(verifyBlocks(report))
      return codeOf(report)
    })
  },
}

function codeOf({ problems }: VerifyReport): number {
  return problems.every(({ repaired }) => repaired) ? EXIT.ok : EXIT.integrity
}

/** Bytes per second, 0 without a limit. */
function rateOf({ flags }: Context): number {
  const text = flags.text('rate')
  if (text === undefined) return 0
  const rate = parseBytes(text.replace(/\/s$/, ''))
  if (rate === undefined || rate === 0) throw badValue('rate', text, 'like "200MiB/s"')
  return rate
}

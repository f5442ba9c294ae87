import { makeFileLedger } from './file-ledger.ts'
import { packFiles, unpackFiles } from './file-ledger-pack.ts'
import { createKept } from './kept.ts'
import { createKeptFile } from './kept-file.ts'

/** What lists of files are made of. */
export const fileLedgerOf = createKept(
  makeFileLedger,
  createKeptFile({ suffix: '.files', format: 1, pack: packFiles, unpack: unpackFiles }),
)

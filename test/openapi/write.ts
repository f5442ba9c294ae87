import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPENAPI_FILE } from '../../src/api/openapi/openapi.ts'
import { createDocument } from './document.ts'

/** `node test/openapi/write.ts`: writes the description of the API anew, as this repository formats its files. */
const ROOT = join(import.meta.dirname, '../..')
const BIOME = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')

writeFileSync(OPENAPI_FILE, `${JSON.stringify(createDocument(), undefined, 2)}\n`)
execFileSync(process.execPath, [BIOME, 'format', '--write', OPENAPI_FILE], { cwd: ROOT, stdio: 'inherit' })

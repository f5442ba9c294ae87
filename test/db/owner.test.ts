import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { claimDataFolder } from '../../src/db/owner.ts'
import { tempDir } from '../support/temp.ts'

const OWNER = join(import.meta.dirname, '../../src/db/owner.ts')

/** A process that claims the folder, says whether it could, and stays. */
async function claimElsewhere(file: string): Promise<{ child: ChildProcess; claimed: boolean }> {
  const script = `
    import { claimDataFolder } from ${JSON.stringify(OWNER)}
    const claim = claimDataFolder(process.argv[1])
    process.stdout.write(claim === undefined ? 'no' : 'yes')
    setInterval(() => claim, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, claimed: said.toString() === 'yes' }
}

test('one process at a time owns a data folder; when it is killed, the next one does', async (t) => {
  const file = join(await tempDir(t), 'cachalot.lock')
  const first = await claimElsewhere(file)
  t.after(() => void first.child.kill('SIGKILL'))
  assert.equal(first.claimed, true)
  assert.equal(claimDataFolder(file), undefined)
  const second = await claimElsewhere(file)
  t.after(() => void second.child.kill('SIGKILL'))
  assert.equal(second.claimed, false)
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  const mine = claimDataFolder(file)
  assert.ok(mine)
  const third = await claimElsewhere(file)
  t.after(() => void third.child.kill('SIGKILL'))
  assert.equal(third.claimed, false)
  mine.release()
  mine.release()
  const again = claimDataFolder(file)
  assert.ok(again)
  again.release()
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type Row, recordOurs, sized, type Workload, withCachalot } from '../bench.ts'
import { login } from '../login.ts'
import { percentile, startPace } from '../scale/pace.ts'
import { manifestPath } from '../upstream.ts'

const GOOD = 1000
const BAD = 200
/** Those who guess come from elsewhere: where they come from, everybody is made to wait. */
const STRANGER = '127.0.0.2'

const row = (id: string, title: string, bound: { must: number; aim: number }): Row => ({
  id,
  title,
  unit: 'ms',
  better: 'less',
  bounds: [bound],
})

/** Manifests for clients that bring a password of bcrypt's cost 10, at a steady rate. */
export const auth: Workload = {
  name: 'auth',
  rows: [
    row('auth-good', `${GOOD} requests/s with the right password, p99`, { must: 10, aim: 3 }),
    row('auth-bad', `  the same while ${BAD}/s come with wrong ones`, { must: 25, aim: 8 }),
  ],
  async run(bench) {
    const file = join(bench.folder, 'users-of-auth')
    writeFileSync(file, login.line)
    await withCachalot(
      bench,
      async ({ url }) => {
        const path = url + manifestPath(bench.upstream.image.tag)
        await fetch(path, { headers: { authorization: login.authorization } })
        for (let round = 0; round < bench.rounds; round++) {
          recordOurs(bench, { 'auth-good': await measure(bench, path) }, round)
          const bad = startPace(path, {
            rate: BAD,
            from: STRANGER,
            headers: (sent) => ({ authorization: login.wrong(sent) }),
            expected: [401, 429],
          })
          recordOurs(bench, { 'auth-bad': await measure(bench, path) }, round)
          await bad.stop()
        }
      },
      { more: `[auth]\nhtpasswd = "${file}"\n` },
    )
  },
}

/** The 99th percentile of those with the right password. */
async function measure(bench: Bench, url: string): Promise<number> {
  const headers = { authorization: login.authorization }
  const good = startPace(url, { rate: GOOD, headers: () => headers })
  await sleep(sized(bench, [3000, 2000, 300]))
  return percentile(await good.stop(), 0.99)
}

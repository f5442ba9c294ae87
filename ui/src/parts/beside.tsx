import { ask } from '../api.ts'
import { useResource } from '../resource.ts'
import { href, query } from '../router.ts'
import { w } from '../words/words.ts'

/** Where else something matches that somebody looks for. Nothing where there is none, or what they wrote means none. */
export function Beside({ of, filter }: { of: 'files' | 'images'; filter: string }) {
  const words = w().files
  const { data } = useResource(`${of} ${filter}`, async (signal) => {
    if (filter === '') return 0
    const asked = { filter, limit: 1 }
    const page = of === 'files' ? ask('GET /files', asked, signal) : ask('GET /repositories', asked, signal)
    return (await page.catch(() => ({ total: 0 }))).total
  })
  if (data === undefined || data === 0) return null
  const to = `/${of}?q=${encodeURIComponent(query.value.get('q') ?? '')}`
  return (
    <p>
      <a href={href(to)}>{of === 'files' ? words.alsoFiles(data) : words.alsoImages(data)}</a>
    </p>
  )
}

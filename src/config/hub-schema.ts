import { z } from 'zod'
import { parseUpstreamUrl } from './parsers.ts'
import { flag, text } from './values.ts'

/** [hub]: what stands in [[upstream]] docker.io about the way there holds here too. */
export const hub = z.strictObject({
  enabled: flag(true, 'Docker Hub is searched, and its tags are listed, when somebody asks for it'),
  url: text({
    fallback: 'https://hub.docker.com',
    about: 'where its web API is',
    parse: parseUpstreamUrl,
  }),
})

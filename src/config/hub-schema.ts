import { z } from 'zod'
import { parseUpstreamUrl } from './parsers.ts'
import { flag, optionalText } from './values.ts'

/** [hub]: what stands in [[upstream]] docker.io about the way there holds here too. */
export const hub = z.strictObject({
  enabled: flag(true, 'Docker Hub is searched, and its tags are listed, when somebody asks for it'),
  url: optionalText({
    about: 'where its web API is; "": hub.docker.com, unless docker.io is a mirror',
    parse: parseUpstreamUrl,
    example: 'https://hub.docker.com',
  }),
})

export const home = {
  title: 'One cache in front of every registry',
  lead: 'The first pull of an image comes from its registry. Every later one comes from here: faster, without using up pull limits, and also while the registry is down.',
  address: 'The address to use',
  addressOf: 'Address of this cache',
  addressHint: 'Put it in front of the name of an image. What comes from Docker Hub needs nothing else.',
  plain:
    'This address is plain http, which most clients refuse until they are told otherwise. The set-up page does that.',
  closed: 'Pulling from this network needs a login.',
  convert: {
    title: 'Convert a name',
    label: 'Image name, address of its page, or a whole pull command',
    example: 'docker pull ghcr.io/org/app:1.2',
    result: 'Through this cache it is:',
    hint: 'Nothing is asked of any registry for this.',
  },
  snippets: {
    title: 'In use',
    pull: 'On the command line',
    dockerfile: 'In a Dockerfile',
    compose: 'In a Compose file',
  },
  setup: {
    title: 'Without changing any name',
    lead: 'Tell a client once, and all it pulls comes through here by itself.',
    action: 'Set up a client',
  },
  console: 'Open the console',
}

export type HomeWords = typeof home

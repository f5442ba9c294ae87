export const home = {
  title: 'One cache in front of every registry',
  lead: 'The first pull of an image comes from its registry. Every later one comes from here: faster, without using up pull limits, and also while the registry is down. Files of GitHub, git repositories, Go modules and models of Hugging Face come the same way.',
  address: 'The address to use',
  addressOf: 'Address of this cache',
  addressHint: 'Put it in front of the name of an image. What comes from Docker Hub needs nothing else.',
  plain:
    'This address is plain http, which most clients refuse until they are told otherwise. The set-up page does that.',
  closed: 'Pulling from this network needs a login.',
  convert: {
    title: 'Convert a name or an address',
    label: 'Image name, pull command, or the address of an image, a file, a model or a repository',
    example: 'docker pull ghcr.io/org/app:1.2',
    result: 'Through this cache it is:',
    hint: 'Nobody is asked for this.',
  },
  snippets: {
    title: 'In use',
    pull: 'On the command line',
    dockerfile: 'In a Dockerfile',
    compose: 'In a Compose file',
    file: 'For a file',
  },
  setup: {
    title: 'Without changing any name',
    lead: 'Tell a client once, and all it pulls comes through here by itself.',
    action: 'Set up a client',
  },
}

export type HomeWords = typeof home

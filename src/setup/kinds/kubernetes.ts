import { DOCKER_HUB } from '../../domain/names.ts'
import { bareWord } from '../quote.ts'
import { smallImage } from '../registries.ts'
import { type Client, generalNotes, info, warn } from './client.ts'

/** Pods that name the cache in front of the image. Nodes are set up as containerd or k3s. */
export const kubernetes: Client = (plan, { notes }) => {
  const image = `${plan.prefix}/${smallImage({ ...plan, registries: [...plan.registries, DOCKER_HUB] })}`
  const lines = [
    'apiVersion: v1',
    'kind: Pod',
    'metadata:',
    '  name: cachalot-test',
    'spec:',
    '  restartPolicy: Never',
    '  containers:',
    '    - name: test',
    `      image: ${JSON.stringify(image)}`,
    '',
  ]
  return {
    files: [{ path: 'pod.yaml', content: lines.join('\n') }],
    apply: undefined,
    undo: undefined,
    reload: undefined,
    test: `kubectl run cachalot-test --rm --attach --restart=Never --image=${bareWord(image)}`,
    notes: [
      info(notes.kubernetesNodes),
      plan.key === undefined ? info(notes.kubernetesSecret) : warn(notes.kubernetesKey),
      ...generalNotes(plan, notes),
    ],
  }
}

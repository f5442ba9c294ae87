import { CHECK_NONCE, CHECK_REPOSITORY, type CheckNote, type CheckShape } from '../../domain/client-check.ts'
import { AppError } from '../../domain/errors.ts'
import type { Exchange } from '../front-end.ts'
import type { OciOperation } from './operation.ts'
import type { Route, Router } from './route.ts'
import type { OciUpstream } from './wants.ts'

/** The check that a request is, if it is one: a tag nobody could have pushed, of a repository that is ours. */
export function checkIn(
  router: Pick<Router<OciUpstream>, 'fixed'>,
  op: OciOperation,
  { upstream, repository }: Route<OciUpstream>,
): CheckNote | undefined {
  const { resource, verb } = op
  if (repository !== CHECK_REPOSITORY || resource.kind !== 'manifest' || verb !== 'read') return undefined
  const { text: nonce } = resource.reference
  if (!CHECK_NONCE.test(nonce)) return undefined
  return { nonce, upstream: upstream.name, shape: shapeOf(router, op, resource.name) }
}

/** Answers it without any upstream; who waits for it learns that it came when this request is over. */
export function refuseCheck({ notes }: Exchange, check: CheckNote): never {
  notes.check = check
  throw new AppError('manifest_unknown', {
    message: 'Cachalot saw you: this client uses the cache, and this name is only there to show that',
  })
}

function shapeOf(
  router: Pick<Router<OciUpstream>, 'fixed'>,
  op: OciOperation,
  name: readonly string[],
): CheckShape {
  if (op.namespace !== undefined) return 'namespace'
  const [first = ''] = name
  if (op.prefix !== undefined || !CHECK_REPOSITORY.split('/').includes(first)) return 'prefix'
  return router.fixed(op) === undefined ? 'default' : 'host'
}

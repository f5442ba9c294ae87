import type { IncomingMessage } from 'node:http'
import type { Access } from '../domain/access.ts'
import type { Admission } from './admission.ts'
import type { ClientAddress } from './client-address.ts'

export interface MetricsPage {
  readonly type: string
  readonly text: string
}

/**
 * Metrics for who may read them: clients of networks that `isNear`, and admins wherever they are. They tell names of
 * upstreams and how much is pulled, but neither images nor users. Rejects with AppError `unauthorized` or `denied`.
 */
export function createMetricsPage(deps: {
  readonly render: () => Promise<MetricsPage>
  readonly isNear: Admission
  readonly clientAddress: ClientAddress
  readonly welcome: (req: IncomingMessage) => Promise<{ readonly access: Access }>
}): (req: IncomingMessage) => Promise<MetricsPage> {
  const { render, isNear, clientAddress, welcome } = deps
  return async (req) => {
    if (!isNear(clientAddress(req))) {
      const { access } = await welcome(req)
      access.requireRole('admin')
    }
    return await render()
  }
}

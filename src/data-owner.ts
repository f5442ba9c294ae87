import { type Claim, claimDataFolder } from './db/owner.ts'
import type { Log } from './domain/log.ts'

/** This process's claim on the data folder. */
export interface DataOwner {
  isOwner(): boolean
  /** Takes the folder as soon as no other process has it. */
  tryClaim(file: string): void
  release(): void
}

/** The claim on the data folder, taken as soon as no other process has it. */
export function createDataOwner(log: Log): DataOwner {
  let claim: Claim | undefined
  return {
    isOwner: () => claim !== undefined,
    tryClaim: (file) => {
      try {
        claim ??= claimDataFolder(file)
      } catch (error) {
        log.error({ event: 'owner', err: error }, 'the data folder cannot be claimed')
      }
    },
    release: () => {
      claim?.release()
      claim = undefined
    },
  }
}

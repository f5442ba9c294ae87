import { keptText } from './text.ts'

/** A program on a machine that was seen lately. */
export interface Client {
  readonly address: string
  readonly userAgent: string
  readonly firstSeen: number
  lastSeen: number
  requests: number
  /** What it did last, and how that ended. */
  lastName: string
  lastStatus: number
}

export interface Clients {
  /** Counts a request of it. */
  seen(address: string, userAgent: string, at: number): Client
  /** The latest first. */
  list(): readonly Client[]
}

const MOST = 1000
/** Programs on one machine; whoever sends another name with every request keeps nobody else out of the table. */
const MOST_AGENTS = 16
const LONGEST_AGENT = 256

interface Machine {
  /** Most requests come from the program that the last one came from. */
  latest: Client
  readonly agents: Map<string, Client>
}

/** Who was there lately: bounded, whoever was not seen for longest is forgotten first. */
export function createClients(most = MOST): Clients {
  const machines = new Map<string, Machine>()
  let count = 0

  const forget = (address: string, machine: Machine, client: Client): void => {
    machine.agents.delete(client.userAgent)
    count--
    if (machine.agents.size === 0) machines.delete(address)
    else if (machine.latest === client) machine.latest = oldestLast([...machine.agents.values()])
  }
  const makeRoom = (): void => {
    const all = [...machines.values()].flatMap(({ agents }) => [...agents.values()])
    // A tenth at once, so that strangers who come and go do not cost a look at everybody each.
    for (const client of all.toSorted((a, b) => a.lastSeen - b.lastSeen).slice(0, Math.ceil(most / 10))) {
      const machine = machines.get(client.address)
      if (machine !== undefined) forget(client.address, machine, client)
    }
  }
  const enter = (address: string, userAgent: string, at: number): Client => {
    if (count >= most) makeRoom()
    const client: Client = {
      address,
      userAgent,
      firstSeen: at,
      lastSeen: at,
      requests: 0,
      lastName: '',
      lastStatus: 0,
    }
    const machine = machines.get(address)
    count++
    if (machine === undefined) {
      machines.set(address, { latest: client, agents: new Map([[userAgent, client]]) })
      return client
    }
    if (machine.agents.size >= MOST_AGENTS) {
      const [oldest] = [...machine.agents.values()].toSorted((a, b) => a.lastSeen - b.lastSeen)
      if (oldest !== undefined) forget(address, machine, oldest)
    }
    machine.agents.set(userAgent, client)
    return client
  }

  return {
    seen: (address, said, at) => {
      const userAgent = said.length <= LONGEST_AGENT ? said : keptText(said, LONGEST_AGENT)
      const machine = machines.get(address)
      const known = machine?.latest.userAgent === userAgent ? machine.latest : machine?.agents.get(userAgent)
      const client = known ?? enter(address, userAgent, at)
      if (machine !== undefined) machine.latest = client
      client.lastSeen = Math.max(client.lastSeen, at)
      client.requests++
      return client
    },
    list: () =>
      [...machines.values()]
        .flatMap(({ agents }) => [...agents.values()])
        .toSorted((a, b) => b.lastSeen - a.lastSeen),
  }
}

function oldestLast(clients: readonly Client[]): Client {
  // Only called with at least one.
  return clients.toSorted((a, b) => b.lastSeen - a.lastSeen)[0] as Client
}

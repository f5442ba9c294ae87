/** While no more than this wait anywhere, they are told of every change. Each call costs a write, */
const AT_ONCE = 32
/** so more of them are told in turns of so many a millisecond, and get more each time: newcomers come in between, */
const PER_MS = 3
/** but never later than this. */
const LATEST_MS = 50

let waitingAnywhere = 0

/** Those who wait for the next change of something; each is told once. */
export class Audience {
  #waiting = new Set<() => void>()
  #telling: NodeJS.Timeout | undefined

  add(listener: () => void): void {
    if (this.#waiting.has(listener)) return
    this.#waiting.add(listener)
    waitingAnywhere++
  }

  remove(listener: () => void): void {
    if (this.#waiting.delete(listener)) waitingAnywhere--
  }

  /** Of a change that another one will follow: while very many wait, a little later. */
  tellSoon(): void {
    if (waitingAnywhere <= AT_ONCE) this.tell()
    else this.#telling ??= setTimeout(() => this.tell(), Math.min(waitingAnywhere / PER_MS, LATEST_MS))
  }

  /** Of a change that nobody may wait for. */
  tell(): void {
    clearTimeout(this.#telling)
    this.#telling = undefined
    if (this.#waiting.size === 0) return
    const listeners = this.#waiting
    this.#waiting = new Set()
    waitingAnywhere -= listeners.size
    for (const listener of listeners) listener()
  }
}

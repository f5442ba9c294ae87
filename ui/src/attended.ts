/** For that long after the last touch or key somebody is taken to be at the page. */
const AWAY_MS = 5 * 60_000

let touchedAt = Date.now()
for (const event of ['pointerdown', 'keydown', 'wheel', 'touchmove'])
  window.addEventListener(event, () => (touchedAt = Date.now()), { passive: true, capture: true })

/** Whether what is asked now may be for somebody who is there; what a page asks by itself keeps no session alive. */
export function isAttended(): boolean {
  return Date.now() - touchedAt < AWAY_MS
}

/** Text from outside on one line: no control character reaches a terminal. */
export function withoutControls(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ')
}

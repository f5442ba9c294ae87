import type { Coding, ConsoleFile, Form } from './console-files.ts'

/** The smallest form that the client takes (RFC 9110 §12.5.3). Whoever refuses all of them gets the plain one. */
export function formFor(file: ConsoleFile, acceptEncoding: string | undefined): Form {
  const weights = weightsIn(acceptEncoding ?? '')
  const isTaken = ({ coding }: Form): boolean => coding === 'identity' || takes(weights, coding)
  const form = file.forms.find(isTaken) ?? file.forms.at(-1)
  if (form === undefined) throw new Error('a file without a form')
  return form
}

function takes(weights: ReadonlyMap<string, number>, coding: Coding): boolean {
  return (weights.get(coding) ?? weights.get('*') ?? 0) > 0
}

function weightsIn(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>()
  for (const part of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((one) => one.trim())
    const weight = parameters.find((one) => one.startsWith('q='))?.slice(2)
    weights.set(coding, weight === undefined ? 1 : Number(weight))
  }
  return weights
}

interface BarProps {
  readonly done: number
  /** Without one it says that something moves, but not how far it is. */
  readonly size: number | undefined
  readonly label: string
  /** What has to come from an upstream looks as it does in the chart. */
  readonly from?: 'cache' | 'upstream' | 'both'
}

export function Bar({ done, size, label, from = 'both' }: BarProps) {
  return (
    <progress
      class={`live-bar ${from}`}
      {...(size === undefined ? {} : { value: Math.min(done, Math.max(1, size)), max: Math.max(1, size) })}
      aria-label={label}
    />
  )
}

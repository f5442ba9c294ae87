/** A tile of a checksum database's log, by its address (golang.org/x/mod/sumdb/tlog, "Tile"). */
export interface Tile {
  /** Levels of the tree that one tile holds. */
  readonly height: number
  /** Which row of tiles; 'data' are the records themselves. */
  readonly level: number | 'data'
  readonly number: number
  /** Hashes in it; a whole tile has 2^height. */
  readonly width: number
}

const HASH = 32
const MOST_LEVELS = 64

/** "tile/8/0/x001/067" or "tile/8/1/000.p/17". Undefined for every other spelling: each tile has one address. */
export function parseTile(path: string): Tile | undefined {
  const match = /^tile\/([1-9]\d?)\/(data|0|[1-9]\d?)\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,9}))?$/.exec(
    path,
  )
  if (match === null) return undefined
  const [, height = '', level = '', digits = '', width] = match
  const full = 2 ** Number(height)
  const tile: Tile = {
    height: Number(height),
    level: level === 'data' ? level : Number(level),
    number: Number(digits.replaceAll(/[x/]/g, '')),
    width: width === undefined ? full : Number(width),
  }
  if (tile.height > 30 || tile.width > full || !Number.isSafeInteger(tile.number)) return undefined
  if (tile.level !== 'data' && tile.level >= MOST_LEVELS) return undefined
  return formatTile(tile) === path ? tile : undefined
}

export function formatTile({ height, level, number, width }: Tile): string {
  let rest = Math.floor(number / 1000)
  let digits = threeOf(number)
  for (; rest > 0; rest = Math.floor(rest / 1000)) digits = `x${threeOf(rest)}/${digits}`
  const part = width === 2 ** height ? '' : `.p/${width}`
  return `tile/${height}/${level}/${digits}${part}`
}

function threeOf(number: number): string {
  return String(number % 1000).padStart(3, '0')
}

/** Bytes of a tile of hashes; undefined for records, which are as long as they are. */
export function sizeOfTile({ level, width }: Tile): number | undefined {
  return level === 'data' ? undefined : width * HASH
}

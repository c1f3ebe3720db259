import type { BoxSettings } from '../options/box';
import type { BootTimings, BoxInfo, BoxState, EngineName, ExitInfo, ImageInfo } from '../types';

export type ImageConfig = ImageInfo['config'];

/** What the home knows of a box. Times are milliseconds since the epoch. */
export interface BoxRow {
  id: string;
  name: string;
  state: BoxState;
  engine: EngineName;
  /** The image as listings show it. */
  imageRef: string;
  imageDigest: string;
  imageConfig: ImageConfig;
  labels: Record<string, string>;
  options: BoxSettings;
  /** Of the current run, as hex. */
  nonce: string;
  createdAt: number;
  startedAt: number | null;
  /** How the last run ended; null while one is under way. */
  exit: ExitInfo | null;
  boot: BootTimings | null;
  /** Published by the current run. */
  ports: BoxInfo['ports'];
  shimPid: number | null;
  shimStartTicks: string | null;
  shimBootId: string | null;
  detached: boolean;
  /** Removed as soon as its run has ended. */
  autoRemove: boolean;
  /** It runs, but the program that created it has not prepared it to the end: without that program it is removed. */
  preparing: boolean;
  /** The program that created the box, or started it last. */
  ownerPid: number | null;
  ownerStartTicks: string | null;
  ownerBootId: string | null;
  /** Counts the changes of state; the store's own. */
  generation: number;
}

/** What a box is inserted with. */
export type NewBoxRow = Omit<BoxRow, 'generation'>;
/** What changes during a box's life, beside its state. */
export type BoxPatch = Partial<Omit<BoxRow, 'id' | 'name' | 'state' | 'createdAt' | 'generation'>>;

type Cell = string | number | null;
type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Snake<Rest>}`
    : `_${Lowercase<Head>}${Snake<Rest>}`
  : S;
/** A row as SQLite holds it: shim_pid for shimPid; objects as JSON text, booleans as 0 and 1. */
export type BoxColumns = {
  [K in keyof BoxRow as Snake<K>]: BoxRow[K] extends Cell
    ? BoxRow[K]
    : BoxRow[K] extends boolean
      ? number
      : string | null;
};

export interface ImageColumns {
  digest: string;
  platform: string;
  size_bytes: number;
  disk_bytes: number;
  config: string;
  used_at: number;
}

export interface ImageRefColumns {
  ref: string;
  digest: string;
  target: string;
  pulled_at: number;
}

export interface Tables {
  boxes: BoxColumns;
  images: ImageColumns;
  image_refs: ImageRefColumns;
  meta: { key: string; value: string };
  events: EventColumns;
}

export interface EventColumns {
  /** In the order in which they happened; never used again. */
  seq: number;
  at: number;
  box: string;
  type: string;
  /** What the type brings, as JSON. */
  detail: string | null;
}

interface Codec<T> {
  encode: (value: T) => Cell;
  decode: (cell: Cell) => T;
}

const asIs: Codec<never> = { encode: (value: Cell) => value, decode: (cell) => cell as never };
const flag: Codec<boolean> = { encode: Number, decode: Boolean };
const json = { encode: (value: unknown) => JSON.stringify(value), decode: (cell: Cell) => JSON.parse(String(cell)) };
const nullableJson = {
  encode: (value: unknown) => (value === null ? null : json.encode(value)),
  decode: (cell: Cell) => (cell === null ? null : json.decode(cell)),
};
const exit: Codec<ExitInfo | null> = {
  encode: nullableJson.encode,
  decode: (cell) => {
    const value = nullableJson.decode(cell) as ExitInfo | null;
    return value === null ? null : { ...value, at: new Date(value.at) };
  },
};

const codecs = {
  id: asIs,
  name: asIs,
  state: asIs,
  engine: asIs,
  imageRef: asIs,
  imageDigest: asIs,
  imageConfig: json,
  labels: json,
  options: json,
  nonce: asIs,
  createdAt: asIs,
  startedAt: asIs,
  exit,
  boot: nullableJson,
  ports: json,
  shimPid: asIs,
  shimStartTicks: asIs,
  shimBootId: asIs,
  detached: flag,
  autoRemove: flag,
  preparing: flag,
  ownerPid: asIs,
  ownerStartTicks: asIs,
  ownerBootId: asIs,
  generation: asIs,
} satisfies { [K in keyof BoxRow]: Codec<never> | Codec<BoxRow[K]> };

/** What a listing shows of a box, and what it needs to tell whether the row can be taken at its word. */
export const listedFields = [
  'id',
  'name',
  'state',
  'engine',
  'imageRef',
  'labels',
  'ports',
  'createdAt',
  'startedAt',
  'exit',
  'shimPid',
  'preparing',
  'autoRemove',
] as const satisfies (keyof BoxRow)[];
export type ListedBox = Pick<BoxRow, (typeof listedFields)[number]>;

/** The columns of the fields that are there; a field that is undefined is not. */
export function toColumns<T extends Partial<BoxRow>>(fields: T): Partial<BoxColumns> {
  const known = Object.entries(codecs).filter(([field]) => fields[field as keyof T] !== undefined);
  return Object.fromEntries(
    known.map(([field, codec]) => [
      columnOf(field),
      (codec.encode as (value: unknown) => Cell)(fields[field as keyof T]),
    ]),
  );
}

const columns = Object.entries(codecs).map(
  ([field, { decode }]) => [field, columnOf(field), decode as (cell: Cell) => unknown] as const,
);

export const listedColumns = listedFields.map(columnOf) as (keyof BoxColumns)[];

/** The row of the columns that were read; one that is not known here, of an older layout, is not looked at. */
export function fromColumns(cells: BoxColumns): BoxRow {
  const row: Record<string, unknown> = {};
  for (const [field, column, decode] of columns) {
    const cell = (cells as Record<string, Cell | undefined>)[column];
    if (cell !== undefined) row[field] = decode(cell);
  }
  return row as unknown as BoxRow;
}

function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

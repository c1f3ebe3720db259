import { BoxliteError } from '../errors';

// Frames of the box protocol: docs/protocol.md.

export const headerBytes = 12;
export const maxFrameBytes = 262_144;
export const maxPayloadBytes = maxFrameBytes - headerBytes;
export const maxControlBytes = 4 * 1024 * 1024;
export const initialCredit = 262_144;
export const preambleBytes = 28;
// As much as Node reads at once.
const readBytes = 64 * 1024;
const version = 1;
const magic = Buffer.from('BOXLITE\n', 'latin1');

export const kinds = {
  stop: 8,
  refused: 9,
  request: 10,
  reply: 11,
  notice: 12,
  open: 16,
  started: 17,
  data: 18,
  credit: 19,
  control: 20,
  answer: 21,
  exit: 22,
  error: 23,
  close: 24,
  ping: 25,
  pong: 26,
  denial: 28,
} as const;
export type KindName = keyof typeof kinds;

export const channels = { stdin: 0, stdout: 1, stderr: 2 } as const;
export type Channel = (typeof channels)[keyof typeof channels];

const flagMore = 0x01;
const flagEnd = 0x02;
const channelMask = 0x30;
const channelShift = 4;

export interface Frame {
  kind: KindName;
  more: boolean;
  end: boolean;
  channel: Channel;
  stream: number;
  /** A view that is good until the reader is used again. */
  payload: Buffer;
}

/** What a shim may send to a client. */
const toClient = new Map<number, KindName>(
  (
    [
      'refused',
      'reply',
      'notice',
      'started',
      'data',
      'credit',
      'answer',
      'exit',
      'error',
      'ping',
      'pong',
      'denial',
    ] as const
  ).map((name) => [kinds[name], name]),
);
const onConnection = new Set<KindName>(['refused', 'reply', 'notice', 'ping', 'pong']);
const onChannel = new Set<KindName>(['data', 'credit']);
const splittable = new Set<KindName>(['started', 'answer', 'exit', 'error']);

export function malformed(what: string): BoxliteError {
  return new BoxliteError('protocol', `Malformed frame from the shim: ${what}`, {
    hint: 'The connection was ended; the box itself goes on. Make sure that one version of @boxlite/sdk uses this home.',
  });
}

export function encodePreamble(nonce: string): Buffer {
  const preamble = Buffer.alloc(preambleBytes);
  magic.copy(preamble);
  preamble.writeUInt32LE(version, 8);
  preamble.write(nonce, 12, 'hex');
  return preamble;
}

/** Throws 'protocol' naming what differs. */
export function checkPreamble(bytes: Buffer, nonce: string): void {
  if (!bytes.subarray(0, 8).equals(magic)) throw malformed('it does not speak the box protocol');
  if (bytes.readUInt32LE(8) !== version)
    throw malformed(`it speaks version ${bytes.readUInt32LE(8)}, this is ${version}`);
  if (bytes.toString('hex', 12) !== nonce) throw malformed('it answers for another run of the box');
}

export function encodeFrame(
  kind: KindName,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  options: { channel?: Channel; more?: boolean; end?: boolean } = {},
): Buffer {
  return writeFrame(Buffer.allocUnsafe(headerBytes + payload.length), kind, stream, payload, options);
}

/** Writes a frame into memory that is as long as it. */
export function writeFrame(
  frame: Buffer,
  kind: KindName,
  stream: number,
  payload: Uint8Array,
  options: { channel?: Channel; more?: boolean; end?: boolean },
): Buffer {
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt8(kinds[kind], 4);
  frame.writeUInt8(
    (options.more ? flagMore : 0) | (options.end ? flagEnd : 0) | ((options.channel ?? 0) << channelShift),
    5,
  );
  frame.writeUInt16LE(0, 6);
  frame.writeUInt32LE(stream, 8);
  frame.set(payload, headerBytes);
  return frame;
}

/** A control payload as one frame, or as several with MORE. Throws 'limit' past 4 MiB. */
export function encodeControl(kind: KindName, stream: number, value: object): Buffer[] {
  const json = Buffer.from(JSON.stringify(value));
  if (json.length > maxControlBytes) {
    throw new BoxliteError(
      'limit',
      `A request of ${json.length} bytes exceeds the box protocol's limit of ${maxControlBytes} bytes`,
      {
        hint: 'Pass large data through stdin or a file.',
      },
    );
  }
  const frames: Buffer[] = [];
  for (let at = 0; at < json.length; at += maxPayloadBytes) {
    const more = at + maxPayloadBytes < json.length;
    frames.push(encodeFrame(kind, stream, json.subarray(at, at + maxPayloadBytes), { more }));
  }
  return frames;
}

function decodeHeader(bytes: Buffer): { frame: Omit<Frame, 'payload'>; length: number } {
  const length = bytes.readUInt32LE(0);
  const kind = toClient.get(bytes.readUInt8(4));
  const flags = bytes.readUInt8(5);
  const stream = bytes.readUInt32LE(8);
  const channel = (flags & channelMask) >> channelShift;
  if (length > maxPayloadBytes) throw malformed(`a payload of ${length} bytes`);
  if (kind === undefined) throw malformed(`kind ${bytes.readUInt8(4)}`);
  if ((flags & ~(flagMore | flagEnd | channelMask)) !== 0 || bytes.readUInt16LE(6) !== 0)
    throw malformed('a reserved bit is set');
  if ((stream === 0) !== onConnection.has(kind)) throw malformed(`${kind} on stream ${stream}`);
  if (channel > 2 || (channel !== 0 && !onChannel.has(kind))) throw malformed(`${kind} on channel ${channel}`);
  if ((flags & flagMore) !== 0 && !splittable.has(kind)) throw malformed(`a split ${kind}`);
  if ((flags & flagEnd) !== 0 && kind !== 'data') throw malformed(`an END on ${kind}`);
  const frame = {
    kind,
    stream,
    channel: channel as Channel,
    more: (flags & flagMore) !== 0,
    end: (flags & flagEnd) !== 0,
  };
  return { frame, length };
}

/** Cuts the byte stream of one connection into frames, however it was torn. */
export class FrameReader {
  // What was pushed last, not yet looked at.
  #fresh: Buffer = Buffer.alloc(0);
  // The begin of a frame whose rest has not come.
  #torn = Buffer.allocUnsafe(2 * readBytes);
  #begin = 0;
  #end = 0;

  /** A view will do: what is left of it is copied before next() returns null. Nothing is allocated for what passes through. */
  push(bytes: Buffer): void {
    this.#gather(this.#fresh.length);
    this.#fresh = bytes;
  }

  /** Whether what came begins as a preamble does; a frame never does, since the magic would be too long a length. */
  isPreamble(): boolean {
    this.#gather(this.#fresh.length);
    const held = this.#held;
    return held.subarray(0, magic.length).equals(magic.subarray(0, held.length));
  }

  /** Exactly that many bytes outside any frame, or null while they are missing. */
  take(count: number): Buffer | null {
    this.#gather(this.#fresh.length);
    const held = this.#held;
    if (held.length < count) return null;
    this.#begin += count;
    return held.subarray(0, count);
  }

  /** The next whole frame, good until the next call, or null. Throws 'protocol'. */
  next(): Frame | null {
    if (this.#begin < this.#end) return this.#mend();
    const read = frameAt(this.#fresh);
    if (read) this.#fresh = this.#fresh.subarray(read.bytes);
    else this.#gather(this.#fresh.length);
    return read?.frame ?? null;
  }

  /** The frame that was torn, once its rest is there. */
  #mend(): Frame | null {
    this.#gather(headerBytes - this.#held.length);
    if (this.#held.length < headerBytes) return null;
    this.#gather(headerBytes + decodeHeader(this.#held).length - this.#held.length);
    const read = frameAt(this.#held);
    if (read) this.#begin += read.bytes;
    return read?.frame ?? null;
  }

  #gather(most: number): void {
    const bytes = this.#fresh.subarray(0, Math.max(0, most));
    if (bytes.length === 0) return;
    if (this.#torn.length - this.#end < bytes.length) this.#makeRoom(bytes.length);
    bytes.copy(this.#torn, this.#end);
    this.#end += bytes.length;
    this.#fresh = this.#fresh.subarray(bytes.length);
  }

  #makeRoom(bytes: number): void {
    const held = this.#held;
    const needed = held.length + bytes;
    if (needed > this.#torn.length) this.#torn = Buffer.allocUnsafe(Math.max(needed, this.#torn.length * 2));
    held.copy(this.#torn);
    this.#begin = 0;
    this.#end = held.length;
  }

  get #held(): Buffer {
    return this.#torn.subarray(this.#begin, this.#end);
  }
}

/** The frame that the bytes begin with, and how long it is; null while it is not whole. */
function frameAt(bytes: Buffer): { frame: Frame; bytes: number } | null {
  if (bytes.length < headerBytes) return null;
  const { frame, length } = decodeHeader(bytes);
  if (bytes.length < headerBytes + length) return null;
  const payload = bytes.subarray(headerBytes, headerBytes + length);
  return { frame: { ...frame, payload }, bytes: headerBytes + length };
}

/** Puts the parts of one stream's split control payloads together. */
export class ControlJoiner {
  #kind: KindName | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** The parsed payload once it is whole, else undefined. Throws 'protocol'. */
  add(frame: Frame): Record<string, unknown> | undefined {
    if (this.#kind !== undefined && this.#kind !== frame.kind)
      throw malformed(`${frame.kind} inside a split ${this.#kind}`);
    this.#bytes += frame.payload.length;
    if (this.#bytes > maxControlBytes) throw malformed(`a ${frame.kind} of more than ${maxControlBytes} bytes`);
    this.#parts.push(frame.more ? Buffer.from(frame.payload) : frame.payload);
    this.#kind = frame.more ? frame.kind : undefined;
    if (frame.more) return undefined;
    const json = Buffer.concat(this.#parts.splice(0)).toString();
    this.#bytes = 0;
    return parseObject(json, frame.kind);
  }

  get pending(): boolean {
    return this.#kind !== undefined;
  }
}

/** The JSON object of a frame that is never split. */
export function readObject(frame: Frame): Record<string, unknown> {
  return parseObject(frame.payload.toString(), frame.kind);
}

function parseObject(json: string, kind: KindName): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  throw malformed(`${kind} is not a JSON object`);
}

import type { Socket } from 'node:net';
import { BoxliteError } from '../errors';
import type { ErrorCode } from '../types';
import type { Deadline } from '../util/deadline';
import { ByteSocket } from './byte-socket';
import { FrameMemory } from './frame-memory';
import {
  type Channel,
  ControlJoiner,
  checkPreamble,
  encodeControl,
  encodeFrame,
  encodePreamble,
  type Frame,
  FrameReader,
  headerBytes,
  malformed,
  maxPayloadBytes,
  preambleBytes,
  readObject,
  writeFrame,
} from './protocol';

/** Who hears what comes for one call. `ended` or `lost` is the last of it. */
export interface CallSink {
  started(value: Record<string, unknown>): void;
  /** `bytes` is a view: copy what is kept. */
  data(channel: Channel, bytes: Buffer, end: boolean): void;
  credit(channel: Channel, bytes: number): void;
  answer(value: Record<string, unknown>): void;
  /** Of a command alone: what it was denied by the box's network. */
  denial?(value: Record<string, unknown>): void;
  ended(kind: 'exit' | 'error', value: Record<string, unknown>): void;
  lost(cause: BoxliteError): void;
}

interface OpenCall {
  sink: CallSink;
  joiner: ControlJoiner;
}

/** One client's connection to a shim; many calls share it. It keeps Node's event loop alive only while a call is open. */
export class ShimConnection {
  /** Resolves when the connection is over, with why. */
  readonly closed: Promise<BoxliteError>;
  readonly #socket: Socket;
  readonly #calls = new Map<number, OpenCall>();
  readonly #reader: FrameReader;
  readonly #memory = new FrameMemory();
  readonly #requests = new Map<number, { resolve: (value: unknown) => void; reject: (error: BoxliteError) => void }>();
  #onNotice: (notice: Record<string, unknown>) => void = () => {};
  #nextStream = 1;
  #nextRequest = 1;
  #ended: BoxliteError | undefined;
  #resolveClosed: (why: BoxliteError) => void = () => {};

  private constructor(bytes: ByteSocket, reader: FrameReader) {
    const { socket } = bytes;
    this.#socket = socket;
    this.#reader = reader;
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    bytes.onBytes = (piece) => this.#receive(piece);
    socket.on('error', (error) =>
      this.#end(new BoxliteError('box-died', 'The connection to the box broke', { cause: error })),
    );
    socket.on('close', () => this.#end(new BoxliteError('box-died', 'The box closed the connection')));
    socket.unref();
    // What came behind the preamble.
    this.#receive(Buffer.alloc(0));
  }

  /** Connects and exchanges preambles. Rejects with 'box-died' (nobody answers), 'protocol', or the deadline's error. */
  static async open(path: string, nonce: string, deadline: Deadline): Promise<ShimConnection> {
    const bytes = new ByteSocket(path);
    const reader = new FrameReader();
    try {
      bytes.socket.write(encodePreamble(nonce));
      await deadline.race(answeredPreamble(bytes, reader, nonce));
      return new ShimConnection(bytes, reader);
    } catch (error) {
      bytes.socket.destroy();
      if (BoxliteError.is(error)) throw error;
      throw new BoxliteError('box-died', 'Nothing answers on the socket of the box', { cause: error });
    }
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** Opens a call; returns its stream number. Throws 'limit' for a request that is too large. */
  call(request: object, sink: CallSink): number {
    const stream = this.#nextStream++;
    const frames = encodeControl('open', stream, request);
    if (this.#ended) {
      sink.lost(this.#ended);
      return stream;
    }
    this.#calls.set(stream, { sink, joiner: new ControlJoiner() });
    this.#socket.ref();
    for (const frame of frames) this.#socket.write(frame);
    return stream;
  }

  /** Sends a request about a running call. */
  control(stream: number, request: object): void {
    if (this.#calls.has(stream))
      for (const frame of encodeControl('control', stream, request)) this.#socket.write(frame);
  }

  /**
   * The bytes are copied: they may change once it returns. Where it returns a promise, that much waits for the shim that
   * more is to be sent once it resolves.
   */
  data(stream: number, channel: Channel, bytes: Uint8Array, end: boolean): Promise<void> | undefined {
    if (!this.#calls.has(stream)) return;
    const frame = this.#memory.take(headerBytes + bytes.length);
    writeFrame(frame, 'data', stream, bytes, { channel, end });
    this.#socket.write(frame, () => this.#memory.give(frame));
    return this.#memory.room();
  }

  grant(stream: number, channel: Channel, bytes: number): void {
    if (!this.#calls.has(stream)) return;
    const payload = Buffer.alloc(4);
    payload.writeUInt32LE(bytes);
    this.#socket.write(encodeFrame('credit', stream, payload, { channel }));
  }

  /** Lets go of a call: the agent ends it. Its sink hears nothing more. */
  release(stream: number): void {
    if (!this.#calls.has(stream)) return;
    this.#socket.write(encodeFrame('close', stream));
    this.#forget(stream);
  }

  /** Starts the shim's stop clock, or makes it earlier. */
  stop(graceMs: number, force: boolean): void {
    const payload = Buffer.alloc(5);
    payload.writeUInt32LE(Math.min(graceMs, 0xffffffff));
    payload.writeUInt8(force ? 1 : 0, 4);
    this.#socket.write(encodeFrame('stop', 0, payload));
  }

  /** Asks the shim itself; resolves with the reply's value, or rejects with its error. */
  request(op: string, parameters: object): Promise<unknown> {
    const n = this.#nextRequest++;
    const payload = Buffer.from(JSON.stringify({ n, op, ...parameters }));
    if (payload.length > maxPayloadBytes) return Promise.reject(tooLarge(op, payload.length));
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#requests.set(n, { resolve, reject });
      this.#socket.write(encodeFrame('request', 0, payload));
    });
  }

  /** Hears what the shim tells without being asked; there is one listener. */
  onNotice(listener: (notice: Record<string, unknown>) => void): void {
    this.#onNotice = listener;
  }

  close(): void {
    this.#end(new BoxliteError('runtime-closed', 'The connection to the box was closed'));
  }

  #receive(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
      for (let frame = this.#reader.next(); frame && !this.#ended; frame = this.#reader.next()) this.#dispatch(frame);
    } catch (error) {
      this.#end(BoxliteError.is(error) ? error : malformed(String(error)));
    }
  }

  #dispatch(frame: Frame): void {
    if (frame.kind === 'ping') this.#socket.write(encodeFrame('pong', 0, Buffer.from(frame.payload)));
    if (frame.kind === 'refused') throw malformed(frame.payload.toString());
    if (frame.kind === 'reply') return this.#settle(readObject(frame));
    if (frame.kind === 'notice') return this.#onNotice(readObject(frame));
    const call = this.#calls.get(frame.stream);
    // A frame for a call that is over may have crossed with its end.
    if (!call) return;
    if (frame.kind === 'data' || frame.kind === 'credit') {
      if (call.joiner.pending) throw malformed(`${frame.kind} inside a split control payload`);
      if (frame.kind === 'data') return call.sink.data(frame.channel, frame.payload, frame.end);
      if (frame.payload.length !== 4) throw malformed(`a credit of ${frame.payload.length} bytes`);
      return call.sink.credit(frame.channel, frame.payload.readUInt32LE());
    }
    const value = call.joiner.add(frame);
    if (value) this.#deliver(frame, call.sink, value);
  }

  #deliver({ kind, stream }: Frame, sink: CallSink, value: Record<string, unknown>): void {
    if (kind === 'started') return sink.started(value);
    if (kind === 'answer') return sink.answer(value);
    if (kind === 'denial') return sink.denial?.(value);
    if (kind !== 'exit' && kind !== 'error') return;
    this.#forget(stream);
    sink.ended(kind, value);
  }

  #settle({ n, value, error }: Record<string, unknown>): void {
    const waiting = this.#requests.get(Number(n));
    if (!waiting) throw malformed('a reply to no request');
    this.#requests.delete(Number(n));
    if (error === undefined) waiting.resolve(value);
    else waiting.reject(errorOf(error as Record<string, string>));
  }

  #forget(stream: number): void {
    this.#calls.delete(stream);
    if (this.#calls.size === 0) this.#socket.unref();
  }

  #end(why: BoxliteError): void {
    if (this.#ended) return;
    this.#ended = why;
    this.#socket.destroy();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#resolveClosed(why);
    for (const { sink } of calls) sink.lost(why);
    for (const { reject } of this.#requests.values()) reject(why);
    this.#requests.clear();
  }
}

function errorOf({ code, message, hint }: Record<string, string>): BoxliteError {
  return new BoxliteError((code ?? 'protocol') as ErrorCode, message ?? 'The shim gave no reason', { hint });
}

function tooLarge(op: string, bytes: number): BoxliteError {
  return new BoxliteError(
    'limit',
    `A request '${op}' of ${bytes} bytes exceeds the limit of ${maxPayloadBytes} bytes`,
    {
      hint: 'Use fewer rules: ranges and wildcards cover many names.',
    },
  );
}

/** True once the right preamble is in. A shim that refuses sends `refused` in its place, with why. */
function isAnswered(reader: FrameReader, nonce: string): boolean {
  const refused = reader.isPreamble() ? null : reader.next();
  if (refused) throw malformed(refused.payload.toString());
  const preamble = reader.isPreamble() ? reader.take(preambleBytes) : null;
  if (preamble) checkPreamble(preamble, nonce);
  return preamble !== null;
}

/** Settles when the shim's preamble is in; bytes after it stay in the reader. */
function answeredPreamble(bytes: ByteSocket, reader: FrameReader, nonce: string): Promise<void> {
  const { socket } = bytes;
  return new Promise((resolve, reject) => {
    const stop = () => {
      // Nobody takes it yet.
      bytes.onBytes = (piece) => reader.push(Buffer.from(piece));
      socket.off('error', reject).off('close', onClose);
    };
    const onClose = () => reject(new Error('closed before its preamble'));
    bytes.onBytes = (piece) => {
      reader.push(piece);
      try {
        if (!isAnswered(reader, nonce)) return;
        stop();
        resolve();
      } catch (error) {
        stop();
        reject(error);
      }
    };
    socket.on('error', reject).on('close', onClose);
  });
}

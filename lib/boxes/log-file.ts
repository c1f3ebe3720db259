import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoOf } from '../util/files';

const pieceBytes = 64 * 1024;

export interface LogLine {
  text: string;
  /** When the file was last written to, as the line was read. */
  at: Date;
}

/** A log that its writer begins anew at some size, the full one renamed to <path>.1; read as it grows. */
export class LogFile {
  readonly #path: string;
  #file: FileHandle | undefined;
  #position = 0;
  #rest = Buffer.alloc(0);
  #readEarlier = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that came since the last time. */
  async read(): Promise<LogLine[]> {
    const lines: LogLine[] = [];
    if (!this.#readEarlier) {
      this.#readEarlier = true;
      await this.#open(`${this.#path}.1`);
      await this.#readOpen(lines);
    }
    for (;;) {
      await this.#readOpen(lines);
      const current = await this.#current();
      if (current === null || current === (await this.#file?.stat())?.ino) return lines;
      // What was written between the last read and the renaming comes first.
      await this.#readOpen(lines);
      await this.#open(this.#path);
    }
  }

  /** What stands behind the last line's end. */
  rest(): LogLine[] {
    const text = this.#rest.toString();
    this.#rest = Buffer.alloc(0);
    return text === '' ? [] : [{ text, at: new Date() }];
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #current(): Promise<number | null> {
    try {
      return (await stat(this.#path)).ino;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  async #open(path: string): Promise<void> {
    await this.close();
    this.#position = 0;
    try {
      this.#file = await open(path, 'r');
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }

  async #readOpen(lines: LogLine[]): Promise<void> {
    const file = this.#file;
    if (!file) return;
    const at = new Date((await file.stat()).mtimeMs);
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(pieceBytes), 0, pieceBytes, this.#position);
      if (bytesRead === 0) return;
      this.#position += bytesRead;
      this.#cut(buffer.subarray(0, bytesRead), at, lines);
    }
  }

  #cut(bytes: Buffer, at: Date, lines: LogLine[]): void {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(0x0a) + 1;
    this.#rest = all.subarray(end);
    if (end === 0) return;
    for (const text of all
      .subarray(0, end - 1)
      .toString()
      .split('\n'))
      lines.push({ text: text.replace(/\r$/, ''), at });
  }
}

/** Cuts a stream of bytes into lines, and knows where each ends. */
export class LineScanner {
  /** Where the line that is being gathered begins. */
  lineStart: number;
  #parts: Buffer[] = [];

  constructor(at: number) {
    this.lineStart = at;
  }

  /** The lines that these bytes complete, without their \n and one \r before it. `end` is where the bytes end. */
  *add(bytes: Buffer, end: number): Generator<string> {
    let from = 0;
    for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, from)) {
      this.#parts.push(bytes.subarray(from, at));
      from = at + 1;
      this.lineStart = end - bytes.length + from;
      yield this.#line();
    }
    this.#parts.push(bytes.subarray(from));
  }

  /** What is left behind the last \n, or null. */
  rest(end: number): string | null {
    const rest = this.#line();
    this.lineStart = end;
    return rest === '' ? null : rest;
  }

  #line(): string {
    const bytes = Buffer.concat(this.#parts.splice(0));
    const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, end));
  }
}

import { StringDecoder } from 'node:string_decoder';

/** Splits what a job writes into lines, and finds in them the beginning and the end of the job. */
export class Line {
  #decoder = new StringDecoder('utf8');
  #rest = '';
  #nonce;
  #events;

  constructor(nonce, { onUp, onLine, onEnd }) {
    this.#nonce = nonce;
    this.#events = { onUp, onLine, onEnd };
  }

  write(data) {
    const lines = (this.#rest + this.#decoder.write(data)).split('\n');
    this.#rest = lines.pop();
    for (const line of lines) this.#take(line);
  }

  #take(line) {
    const at = line.indexOf(this.#nonce);
    if (at < 0) return this.#events.onLine(line);
    // What the job wrote last may lack its newline.
    if (at > 0) this.#events.onLine(line.slice(0, at));
    const word = line.slice(at + this.#nonce.length + 1);
    if (word === 'up') this.#events.onUp();
    else this.#events.onEnd(Number(word));
  }
}

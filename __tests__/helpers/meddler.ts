import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is done to an answer on its way. */
export interface Meddling {
  /** Answers by itself. */
  status?: number;
  headers?: Record<string, string>;
  body?: string;
  /** Cuts the connection after that many bytes of the body. */
  cutAfter?: number;
  /** Sends no more after that many bytes, and leaves the connection open. */
  stallAfter?: number;
  /** Answers no sooner than that. */
  until?: Promise<unknown>;
  /** Sends the body piece by piece, with that pause after each. */
  pauseMs?: number;
  /** Flips a bit of the body. */
  lie?: boolean;
  /** Asks for the whole where a part was asked for. */
  dropRange?: boolean;
}

export interface Seen {
  method: string;
  path: string;
  range?: string;
  authorization?: string;
}

/** Stands between a client and a registry: counts what is asked, and answers wrongly when told to. */
export class Meddler {
  readonly seen: Seen[] = [];
  meddle: (seen: Seen) => Meddling | undefined = () => undefined;
  readonly #server: Server;
  readonly #target: string;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((from, to) => this.#serve(from, to));
    // As a proxy of https it leads nowhere.
    this.#server.on('connect', ({ method = '', url: path = '' }, socket) => {
      this.seen.push({ method, path });
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  }

  static async start(target: string): Promise<Meddler> {
    const meddler = new Meddler(target);
    await new Promise<void>((resolve) => meddler.#server.listen(0, '127.0.0.1', resolve));
    return meddler;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Layers and configs that were asked for. */
  blobs(): Seen[] {
    return this.seen.filter(({ path, method }) => path.includes('/blobs/') && method === 'GET');
  }

  reset(): void {
    this.seen.length = 0;
    this.meddle = () => undefined;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = from;
    // As a proxy it is asked with the whole address.
    const path = url.replace(/^http:\/\/[^/]+/, '');
    const { range, authorization } = headers;
    const seen = { method, path, ...(range ? { range } : {}), ...(authorization ? { authorization } : {}) };
    this.seen.push(seen);
    const meddling = this.meddle(seen) ?? {};
    await meddling.until;
    if (meddling.status !== undefined) {
      to.writeHead(meddling.status, meddling.headers).end(meddling.body ?? '');
      return;
    }
    const [host, port] = this.#target.split(':');
    // The registry makes its addresses of the host it is asked as.
    if (meddling.dropRange) delete headers.range;
    const onward = request({ host, port, method, path, headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      let sent = 0;
      answer.on('data', (chunk: Buffer) => {
        const left = (meddling.cutAfter ?? Number.POSITIVE_INFINITY) - sent;
        if (sent >= (meddling.stallAfter ?? Number.POSITIVE_INFINITY)) return;
        sent += chunk.length;
        if (meddling.lie && chunk.length > 0) chunk[0] = (chunk[0] as number) ^ 1;
        if (meddling.pauseMs) {
          answer.pause();
          setTimeout(() => answer.resume(), meddling.pauseMs);
        }
        if (left > chunk.length) to.write(chunk);
        else to.write(chunk.subarray(0, Math.max(left, 0)), () => to.destroy());
      });
      answer.on('end', () => meddling.stallAfter === undefined && to.end());
      answer.on('error', () => to.destroy());
    });
    onward.on('error', () => to.destroy());
    from.pipe(onward);
  }
}

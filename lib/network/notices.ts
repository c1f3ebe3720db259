import { BoxliteError } from '../errors';
import { checkVerdict, type OnDeny } from '../options';
import type { EgressDenied } from '../types';
import { readDenied } from './denied';
import { type NetworkEvent, networkEvent } from './news';

/** How a question is answered. */
export type Reply = (request: { id: number; verdict: string }) => Promise<unknown>;
type Log = (level: 'warn' | 'error', text: string) => void;
type Keep = (event: NetworkEvent) => Promise<unknown>;

/** What a box's network tells this program: denials, and questions about them. */
export class NetworkNotices {
  /** Asked before a denial counts, once its asker is known to the shim. */
  onDeny: OnDeny | undefined;
  readonly #log: Log;
  readonly #keep: Keep;

  /** `keep` writes an event down, for the one program that is told to. */
  constructor(log: Log, keep: Keep) {
    this.#log = log;
    this.#keep = keep;
  }

  /** Takes one notice of the shim; what is of another kind is not looked at. */
  take(notice: Record<string, unknown>, reply: Reply): void {
    if (notice.type === 'lost') this.#log('error', 'the box has lost its network: its process ended twice');
    if (notice.type === 'denied') this.#log('warn', readDenied(notice.denied).message);
    if (notice.keep === true) this.#write(networkEvent(notice));
    if (notice.type === 'ask') void this.#answer(Number(notice.id), readDenied(notice.denied), reply);
  }

  #write(event: NetworkEvent | null): void {
    if (!event) return;
    this.#keep(event).catch((error) =>
      this.#log('error', `an event of the box's network could not be written down: ${error}`),
    );
  }

  async #answer(id: number, denied: EgressDenied, reply: Reply): Promise<void> {
    try {
      const verdict = await this.#verdict(denied);
      await reply({ id, verdict });
    } catch (error) {
      // The connection is gone, and with it the question.
      if (!BoxliteError.is(error)) throw error;
    }
  }

  /** What throws, or answers something else, denies. */
  async #verdict(denied: EgressDenied): Promise<string> {
    try {
      return checkVerdict(await (this.onDeny?.(denied) ?? 'deny'));
    } catch (error) {
      this.#log('error', `onDeny failed, so ${denied.host ?? denied.ip} stays denied: ${error}`);
      return 'deny';
    }
  }
}

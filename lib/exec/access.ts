import type { Home } from '../boxes/home';
import type { BoxRow } from '../store/schema';
import type { Call } from '../types';
import type { Deadline } from '../util/deadline';
import type { BoxLink } from './command';
import type { CommandDefaults } from './request';

/** How a handle reaches the run of its box that is live now. */
export interface BoxReach {
  /** One deadline for the whole call, handed down with the connection. Rejects with 'box-state' where none runs. */
  live<T>(
    call: Call,
    what: string,
    work: (link: BoxLink, deadline: Deadline, defaults: CommandDefaults) => Promise<T>,
  ): Promise<T>;
  /** The home and the box's row as it is now. Rejects with 'box-not-found' or 'box-replaced'. */
  place(): Promise<{ home: Home; row: BoxRow }>;
}

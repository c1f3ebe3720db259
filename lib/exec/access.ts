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
}

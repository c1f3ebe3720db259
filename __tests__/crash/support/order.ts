import type { EngineName } from '../../../lib/index';

/** What a client program is to do with a box of its own, and the step before which it stands still. */
export interface Order {
  home: string;
  engine: EngineName;
  layout: string;
  name: string;
  detached?: boolean;
  /** The box has a network, and its port 80 is published as this one. */
  port?: number;
  does: 'create' | 'run' | 'exec' | 'start' | 'stop' | 'remove';
  step?: string;
  /** For exec, and what runs while the box is stopped. */
  command?: string;
  graceMs?: number;
}

/** What it tells, a line of JSON each. */
export interface Fact {
  at?: string;
  made?: string;
  stopped?: string;
  said?: string;
  exit?: string;
  ended?: 'well' | 'badly';
  code?: string;
  message?: string;
  hint?: string;
  ran?: string;
  started?: string;
  removing?: string;
  /** A call that another program's doing made fail, as it may. */
  refused?: string;
  /** Anything that must not be. */
  broke?: string;
}

/** What a program that lives in a home with others is told. */
export interface ResidentOrder {
  home: string;
  engine: EngineName;
  layout: string;
  seed: number;
  /** Boxes in the home at once, more or less. */
  most: number;
}

import type { BoxState, ExitReason } from '../../../lib/index';
import { type Cell, isUp } from './points';

/** What may be true of the box once a program has looked at its home again. */
export interface Truth {
  /** 'gone' is no row at all. */
  states: (BoxState | 'gone')[];
  reasons: ExitReason[];
  /** How the client's own call may have ended; a client that was killed tells nothing. */
  client?: ('well' | ErrorWord)[];
  /** Its processes end only once a program has looked. */
  needsLook?: boolean;
}
type ErrorWord = 'box-died' | 'boot-failed';

const lives: Truth = { states: ['running'], reasons: [] };

// The end of PID 1 is the guest's own end; what the kernel still gets to say on the console makes it a crash.
const agentEnds: ExitReason[] = ['guest-exit', 'crash'];
const ends = { shim: ['lost'], machine: ['crash'], agent: agentEnds } satisfies Record<string, ExitReason[]>;

/** What must hold after that kill: a pure function over the matrix. */
export function truthAfter({ part, point }: Cell): Truth {
  if (part === 'client') return afterClient(point);
  if (part === 'detached') return afterDetached(point);
  if (part === 'netd') return afterNetd(point);
  const reasons: ExitReason[] = ends[part];
  switch (`${point.does} ${point.moment} ${point.step}`) {
    case 'create within shim':
      return { states: ['gone'], reasons: [], client: ['boot-failed', 'box-died'] };
    case 'start within shim':
      return { states: ['stopped'], reasons: ['stopped'], client: ['boot-failed', 'box-died'] };
    case 'remove before kill':
      return { states: ['gone'], reasons: [], client: ['well'] };
    default:
      break;
  }
  if (point.does === 'exec') return { states: statesOf(reasons), reasons, client: ['box-died'] };
  if (point.does !== 'stop') return { states: statesOf(reasons), reasons, client: ['well'] };
  // The kill met a stop that was under way: what was asked for has happened, or what was done to it.
  return { states: ['stopped', 'failed'], reasons: [...reasons, 'killed'], client: ['well'] };
}

// The shim starts another one, and the box does not notice.
function afterNetd({ does }: Cell['point']): Truth {
  if (does === 'stop') return { states: ['stopped'], reasons: ['stopped', 'killed'], client: ['well'] };
  if (does === 'remove') return { states: ['gone'], reasons: [], client: ['well'] };
  // A command that goes on has no end to tell of.
  return does === 'exec' ? lives : { ...lives, client: ['well'] };
}

function afterClient({ does, step, moment }: Cell['point']): Truth {
  if (does === 'create' || does === 'remove') return { states: ['gone'], reasons: [] };
  // The row of a box that is being started still tells of its run before.
  if (does === 'start') return { states: ['stopped'], reasons: ['stopped', 'host-exit'] };
  // The request was sent: the shim goes on with it. The client's command ends with its connection, 2 s after SIGTERM at the
  // latest: before the stop's own grace on a slow machine, which is longer there.
  if (does === 'stop' && step === 'end') return { states: ['stopped'], reasons: ['killed', 'stopped'] };
  if (does === 'stop' && moment === 'within') return { states: ['stopped'], reasons: ['killed'] };
  return { states: ['stopped'], reasons: ['host-exit'] };
}

// A box that boots or runs does not need its client; what was asked of it before is done.
function afterDetached(point: Cell['point']): Truth {
  const { does, step } = point;
  if (does === 'create' || does === 'start') return isUp(point) ? lives : afterClient(point);
  if (does === 'run' || does === 'exec' || (does === 'stop' && (step === 'row' || step === 'ask'))) return lives;
  // Nothing tells a detached box that it is to be removed until a program looks.
  return { ...afterClient(point), needsLook: does === 'remove' };
}

function statesOf(reasons: ExitReason[]): BoxState[] {
  const failures: ExitReason[] = ['crash', 'oom', 'lost'];
  return [...new Set(reasons.map((reason): BoxState => (failures.includes(reason) ? 'failed' : 'stopped')))];
}

export function stateFits(state: BoxState, reason: ExitReason | undefined): boolean {
  return reason !== undefined && statesOf([reason]).includes(state);
}

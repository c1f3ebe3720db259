import { basename } from 'node:path';
import type { BoxState } from '../types';
import { isSameProcess, type ProcessIdentity } from './identity';
import type { PidFileState } from './pid-file';

/** What recovery saw of one box, while it held that box's transition lock. */
export interface BoxFacts {
  row: BoxState;
  /** Whether a process holds the box's lock: the kernel's own word that its shim lives. */
  lockHeld: boolean;
  pidFile: PidFileState;
  /** What {@link findBoxProcesses} found. */
  live: ProcessIdentity[];
  /** 'mute': no answer within the deadline, which is not death. */
  socket: 'answers' | 'mute' | 'absent';
  /** The shim wrote down how this run ended. */
  exitRecord: boolean;
  detached: boolean;
  /** Whether the program that created the box still runs. */
  ownerAlive: boolean;
}

/**
 * 'mark-stopped' takes the end from the exit record, 'mark-failed' has none and says 'lost'; 'kill-and-mark-stopped' first
 * ends what a dead shim left behind; 'adopt' sets the row to running and writes the pid file anew; 'leave' changes nothing.
 */
export type RecoveryAction =
  | 'adopt'
  | 'mark-stopped'
  | 'mark-failed'
  | 'kill-and-mark-stopped'
  | 'finish-remove'
  | 'leave';

/**
 * What recovery does about one box: a pure function over facts, which reads and changes nothing.
 *
 * No answer is not death: a box that lives is adopted when it answers and else left alone, never killed. Only one whose
 * removal had begun is ended. What a shim that is surely dead left behind is killed.
 */
export function decideRecovery(facts: BoxFacts): RecoveryAction {
  const { row, ownerAlive, live } = facts;
  if (row === 'removing') return 'finish-remove';
  if (row === 'creating' && ownerAlive) return 'leave';
  if (isAlive(facts)) return decideForLive(facts);
  // Its create never ended, so nobody has a handle to it.
  if (row === 'creating') return 'finish-remove';
  if (live.length > 0) return 'kill-and-mark-stopped';
  return decideForDead(facts);
}

// One proof of life is enough, since each can be blind: a deleted lock file, a deleted socket, a process gone mute.
function isAlive({ lockHeld, socket, live, pidFile }: BoxFacts): boolean {
  if (lockHeld || socket === 'answers') return true;
  return live.some(
    (process) => isShim(process) || (pidFile.kind === 'valid' && isSameProcess(process, pidFile.identity)),
  );
}

/** By its name and the form of its command line: see shimArgv. */
export function isShim({ argv }: ProcessIdentity): boolean {
  return argv.length === 2 && basename(argv[0] ?? '') === 'boxlite-shim';
}

function decideForLive({ row, socket, detached, ownerAlive }: BoxFacts): RecoveryAction {
  if (socket !== 'answers') return 'leave';
  // Its lifeline is closed: the shim is ending it, gracefully, by itself.
  if (!detached && !ownerAlive) return 'leave';
  // The shim's own stop clock goes on whoever asked for the stop, unless he died before he asked.
  if (row === 'stopping' && ownerAlive) return 'leave';
  return 'adopt';
}

function decideForDead({ row, exitRecord }: BoxFacts): RecoveryAction {
  if (row === 'stopped' || row === 'failed') return 'leave';
  return exitRecord ? 'mark-stopped' : 'mark-failed';
}

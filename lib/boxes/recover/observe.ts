import { BoxliteError } from '../../errors';
import type { BoxFacts } from '../../ownership/decide';
import { isSameProcess, type ProcessIdentity, readIdentity } from '../../ownership/identity';
import { type PidFileState, readPidFile } from '../../ownership/pid-file';
import { findOwnProcesses } from '../../ownership/probe';
import { readExitRecord } from '../../shim/exit-record';
import type { BoxRow } from '../../store/schema';
import { Deadline } from '../../util/deadline';
import { dial } from '../dial';
import { boxPaths } from '../directory';
import type { Home } from '../home';
import { isOwnerAlive } from '../row';
import { isLocked } from '../state';

// A shim answers within a few milliseconds. One that does not is left alone, so nothing is lost by asking again later.
const answerMs = 1_000;

/** Looks at everything that is known of a box, and changes nothing but its links. With the box's transition lock held. */
export async function observeBox(home: Home, row: BoxRow): Promise<BoxFacts> {
  const paths = boxPaths(home.path, row.id);
  const lockHeld = await isLocked(home.path, row.id);
  const pidFile = readPidFile(paths.pidFile);
  const named = processOf(pidFile);
  // The usual case costs no look at all processes of the machine.
  const live = lockHeld && named ? [named] : findOwnProcesses(row.id);
  return {
    row: row.state,
    lockHeld,
    pidFile,
    live,
    socket: lockHeld || live.length > 0 ? await askSocket(home, row) : 'absent',
    exitRecord: (await readExitRecord(paths.exitRecord)) !== null,
    detached: row.detached,
    ownerAlive: isOwnerAlive(row),
  };
}

/** The process that the pid file means, if it lives. */
export function processOf(pidFile: PidFileState): ProcessIdentity | null {
  if (pidFile.kind !== 'valid') return null;
  const now = readIdentity(pidFile.identity.pid);
  return now && isSameProcess(now, pidFile.identity) ? now : null;
}

async function askSocket(home: Home, row: BoxRow): Promise<BoxFacts['socket']> {
  using budget = Deadline.alone(answerMs, 'asking the shim whether it lives');
  try {
    (await dial(home, row.id, row.nonce, budget)).close();
    return 'answers';
  } catch (error) {
    return BoxliteError.is(error, 'box-died') ? 'absent' : 'mute';
  }
}

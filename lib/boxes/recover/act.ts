import { type BoxFacts, isShim, type RecoveryAction } from '../../ownership/decide';
import { isSameProcess, type ProcessIdentity } from '../../ownership/identity';
import type { BoxRow } from '../../store/schema';
import { writeFileByRename } from '../../util/files';
import { boxPaths } from '../directory';
import type { Home } from '../home';
import { allStates } from '../remove';
import { isUp, settleHeld } from '../settle';
import { clearRun } from '../state';

/** Does what was decided, with the box's transition lock held. True when the box is now to be removed, without it. */
export async function act(home: Home, row: BoxRow, facts: BoxFacts, action: RecoveryAction): Promise<boolean> {
  switch (action) {
    case 'leave':
      return row.autoRemove && (row.state === 'stopped' || row.state === 'failed');
    case 'adopt':
      await adopt(home, row, facts);
      return false;
    case 'mark-stopped':
    case 'mark-failed':
    case 'kill-and-mark-stopped':
      return settle(home, row);
    case 'finish-remove':
      return home.store.boxes.move(row.id, allStates, 'removing');
  }
}

async function settle(home: Home, row: BoxRow): Promise<boolean> {
  if (!isUp(row)) {
    await clearRun(home, row.id);
    return false;
  }
  const exit = await settleHeld(home, row);
  home.log('warn', `the box was found ended: ${exit.reason}`, row.id);
  return row.autoRemove;
}

/** The row and the pid file say again what is true: the box runs, and under which process. */
async function adopt(home: Home, row: BoxRow, { live, pidFile }: BoxFacts): Promise<void> {
  const shim = live.find(isShim) ?? live[0];
  if (!shim) return;
  if (pidFile.kind !== 'valid' || !isSameProcess(pidFile.identity, shim)) {
    await writePidFile(boxPaths(home.path, row.id).pidFile, shim);
    home.log('warn', `the pid file was ${pidFile.kind === 'valid' ? 'of another process' : pidFile.kind}`, row.id);
  }
  if (row.state === 'running' && row.shimPid === shim.pid) return;
  const identity = { shimPid: shim.pid, shimStartTicks: String(shim.startTicks), shimBootId: shim.bootId };
  const patch = { ...identity, exit: null, startedAt: row.startedAt ?? Date.now() };
  if (await home.store.boxes.move(row.id, row.state, 'running', patch, { generation: row.generation }))
    home.log('info', `the box is taken over in state ${row.state}: it runs as process ${shim.pid}`, row.id);
}

/** As the shim itself writes it. */
function writePidFile(path: string, { pid, startTicks, bootId, argv }: ProcessIdentity): Promise<void> {
  return writeFileByRename(path, `${JSON.stringify({ pid, startTicks: String(startTicks), bootId, argv })}\n`);
}

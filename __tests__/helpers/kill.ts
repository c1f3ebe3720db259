import { errnoOf } from '../../lib/util/files';

/** SIGKILL; false for one that ended by itself since it was found. */
export function killIfThere(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errnoOf(error) === 'ESRCH') return false;
    throw error;
  }
}

import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ID = 65534;

/** Whether tests can be run as somebody else than who runs them. */
export const canBecomeUser = process.getuid() === 0;

export const ordinaryUser = nameOf(ID);

/**
 * A place of an ordinary user's own: home, temporary files, caches. `wrap` makes a command of its own run as that user,
 * who may write to `files` too.
 */
export class UserPlace {
  constructor(files) {
    this.path = mkdtempSync(join(tmpdir(), 'boxlite-user-'));
    chmodSync(this.path, 0o755);
    for (const name of ['home', 'tmp', 'cache']) mkdirSync(join(this.path, name), { mode: 0o700 });
    for (const file of files) writeFileSync(file, '');
    for (const path of [...['home', 'tmp', 'cache'].map((name) => join(this.path, name)), ...files])
      chownSync(path, ID, ID);
  }

  get cache() {
    return join(this.path, 'cache');
  }

  get env() {
    return { HOME: join(this.path, 'home'), TMPDIR: join(this.path, 'tmp'), USER: ordinaryUser, LOGNAME: ordinaryUser };
  }

  /** A change of the user takes the death signal away, so it is set again. */
  wrap(program, args) {
    const identity = ['--reuid', String(ID), '--regid', String(ID), '--clear-groups', '--pdeathsig', 'TERM'];
    return ['setpriv', [...identity, '--no-new-privs', program, ...args]];
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

function nameOf(uid) {
  try {
    return execFileSync('id', ['-un', String(uid)], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return String(uid);
  }
}

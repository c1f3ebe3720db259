import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root, searchPath } from '../setup/paths.mjs';
import { runs } from './paths.mjs';

const SCRATCH_BYTES = 12 * 2 ** 30;
const CONSOLE_LINES = 30;

/** The directory of one run: the job as the lab host reads it, its scratch disk, its console. */
export class JobDirectory {
  nonce = randomBytes(16).toString('hex');

  constructor({ script, env, share }) {
    mkdirSync(runs, { recursive: true });
    removeAbandoned();
    this.path = mkdtempSync(join(runs, `${process.pid}-`));
    this.job = join(this.path, 'job');
    this.share = share ?? join(this.path, 'share');
    this.console = join(this.path, 'console.log');
    this.scratch = join(this.path, 'scratch.ext4');
    mkdirSync(this.job);
    mkdirSync(this.share, { recursive: true });
    writeFileSync(join(this.job, 'nonce'), this.nonce);
    writeFileSync(join(this.job, 'project'), root);
    writeFileSync(join(this.job, 'job.sh'), jobScript(script, env));
    makeScratch(this.scratch);
  }

  /** The machine has opened it; nobody else needs its name. */
  forgetScratch() {
    rmSync(this.scratch, { force: true });
  }

  readConsole() {
    try {
      return readFileSync(this.console, 'utf8').replaceAll('\r', '');
    } catch {
      return ''; // the machine did not come as far as to make it
    }
  }

  consoleTail() {
    return this.readConsole().trimEnd().split('\n').slice(-CONSOLE_LINES).join('\n');
  }

  remove() {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A run whose process was killed leaves its directory. */
function removeAbandoned() {
  for (const name of readdirSync(runs)) {
    if (!existsSync(`/proc/${name.split('-')[0]}`)) rmSync(join(runs, name), { recursive: true, force: true });
  }
}

function jobScript(script, env) {
  const variables = {
    PATH: searchPath,
    HOME: '/run/d/home',
    TMPDIR: '/run/d/tmp',
    LANG: 'C.UTF-8',
    BOXLITE_LAB_SHARE: '/run/share',
    ...env,
  };
  const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [...exports, `cd ${quoted(root)} || exit`, script, ''].join('\n');
}

/** One word of a shell script. */
export function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function makeScratch(path) {
  const file = openSync(path, 'wx', 0o600);
  ftruncateSync(file, SCRATCH_BYTES);
  closeSync(file);
  // Inodes of 256 bytes have times past 2038.
  execFileSync('mke2fs', ['-q', '-F', '-t', 'ext4', '-I', '256', '-O', '^has_journal', path], {
    env: { PATH: searchPath, MKE2FS_CONFIG: '/dev/null' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

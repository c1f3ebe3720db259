import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The product's own files in a directory of their own, so that the agent disk there can be another one. */
export function linkNatives(directory: string): void {
  const natives = process.env.BOXLITE_NATIVE_DIR ?? join(__dirname, '..', '..', 'out', 'native');
  for (const name of readdirSync(natives)) symlinkSync(join(natives, name), join(directory, name));
}

/** Puts an agent disk there whose /agent is that shell script, or which has none. */
export function putAgentDisk(directory: string, script: string | null): void {
  const tree = mkdtempSync(join(tmpdir(), 'boxlite-agent-'));
  for (const name of ['dev', 'proc', 'sys']) mkdirSync(join(tree, name));
  copyFileSync('/bin/busybox', join(tree, 'busybox'));
  if (script !== null) {
    writeFileSync(join(tree, 'agent'), `#!/busybox sh\n${script}\n`);
    chmodSync(join(tree, 'agent'), 0o755);
  }
  const disk = join(directory, 'agent.ext4');
  rmSync(disk, { force: true });
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', tree, disk, '8M'], { env, stdio: 'pipe' });
  rmSync(tree, { recursive: true });
}

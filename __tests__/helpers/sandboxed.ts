import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface Conforming {
  command: string | readonly string[];
  stdin?: string | Uint8Array;
  /** Ends by a signal, not by a code of its own. */
  dies?: true;
}

export interface Outcome {
  /** As a shell counts: 128 and the signal for a command that a signal ended. */
  code: number;
  stdout: string;
  stderr: string;
}

/** The root file system of an OCI layout with uncompressed or gzip layers, unpacked by tar. */
export function unpackedRoot(layout: string): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'boxlite-root-'));
  chmodSync(path, 0o755);
  const json = (file: string) => JSON.parse(readFileSync(join(layout, file), 'utf8'));
  const blob = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;
  const manifest = json(blob(json('index.json').manifests[0].digest));
  for (const { digest } of manifest.layers) {
    const bytes = readFileSync(join(layout, blob(digest)));
    const layer = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
    execFileSync('tar', ['-x', '-C', path], { input: layer });
  }
  for (const name of ['proc', 'dev', 'tmp']) mkdirSync(join(path, name), { recursive: true });
  return { path, remove: () => rmSync(path, { recursive: true }) };
}

/** The same command in a container on this machine: bubblewrap, with the same root file system and environment. */
export function runSandboxed(
  root: string,
  env: Record<string, string>,
  { command, stdin }: Conforming,
): Promise<Outcome> {
  const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  const variables = Object.entries(env).flatMap(([name, value]) => ['--setenv', name, value]);
  const options = ['--ro-bind', root, '/', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--chdir', '/'];
  const child = spawn('bwrap', [...options, '--die-with-parent', '--clearenv', ...variables, '--', ...argv], {
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
  child.stderr?.on('data', (bytes: Buffer) => err.push(bytes));
  // A command that ends without reading its stdin closes it.
  child.stdin?.on('error', () => {}).end(stdin);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({
        code: code ?? -1,
        stdout: Buffer.concat(out).toString('latin1'),
        stderr: Buffer.concat(err).toString('latin1'),
      }),
    );
  });
}

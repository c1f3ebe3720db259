import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Blob, TestImage } from './oci';

/** A registry on loopback, Debian's docker-registry, with nothing in it. */
export interface Registry {
  /** host:port, as references begin with it. */
  readonly host: string;
  push(name: string, tag: string, image: TestImage, index?: Blob): Promise<void>;
  stop(): Promise<void>;
}

export const user = { username: 'ali', password: 'open sesame' };
// bcrypt of the password, at the lowest cost.
const passwords = 'ali:$2y$04$.C4drXETs3dwBQGc9gwftuDCoKiilPa7t.c8wTvk/iFFJ4Uk1/nqC\n';

export async function startRegistry({ isPrivate = false } = {}): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), 'boxlite-registry-'));
  writeFileSync(join(directory, 'htpasswd'), passwords);
  const auth = isPrivate ? `auth: { htpasswd: { realm: test, path: ${directory}/htpasswd } }` : '';
  const config = `version: 0.1\nstorage: { filesystem: { rootdirectory: ${directory}/data } }\nhttp: { addr: "127.0.0.1:0" }\n${auth}\n`;
  writeFileSync(join(directory, 'config.yml'), config);
  const program = spawn('docker-registry', ['serve', join(directory, 'config.yml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const host = await listening(program);
  return {
    host,
    push: (name, tag, image, index) => push(host, name, tag, image, index, isPrivate),
    async stop() {
      if (program.exitCode === null && program.signalCode === null) {
        program.kill('SIGKILL');
        await once(program, 'exit');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The kernel chose the port; the registry's log tells it. */
async function listening(program: ChildProcess): Promise<string> {
  const lines = createInterface({ input: program.stderr as NodeJS.ReadableStream });
  return new Promise((resolve, reject) => {
    let said = '';
    lines.on('line', (line) => {
      said += `${line}\n`;
      const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port) resolve(`127.0.0.1:${port}`);
    });
    program.on('error', reject);
    program.on('exit', () => reject(new Error(`docker-registry ended: ${said}`)));
  });
}

async function push(
  host: string,
  name: string,
  tag: string,
  image: TestImage,
  index: Blob | undefined,
  isPrivate: boolean,
) {
  const headers: Record<string, string> = isPrivate
    ? { authorization: `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}` }
    : {};
  for (const { digest, data } of image.blobs) {
    const begun = await sent(`http://${host}/v2/${name}/blobs/uploads/`, 'POST', headers);
    const where = new URL(begun.headers.get('location') ?? '');
    where.searchParams.set('digest', digest);
    await sent(where.href, 'PUT', { ...headers, 'content-type': 'application/octet-stream' }, data);
  }
  await pushManifest(host, name, index ? image.manifest.digest : tag, image.manifest, headers);
  if (index) await pushManifest(host, name, tag, index, headers);
}

async function pushManifest(host: string, name: string, ref: string, { mediaType, data }: Blob, headers: object) {
  await sent(`http://${host}/v2/${name}/manifests/${ref}`, 'PUT', { ...headers, 'content-type': mediaType }, data);
}

async function sent(url: string, method: string, headers: Record<string, string>, body?: Buffer): Promise<Response> {
  const response = await fetch(url, { method, headers, ...(body ? { body: new Uint8Array(body) } : {}) });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response;
}

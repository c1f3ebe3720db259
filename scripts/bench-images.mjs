#!/usr/bin/env node
// npm run bench:images: an image of 200 MiB from a registry on loopback to a ready disk, against skopeo and umoci doing
// the same work in the same run; then what a second createBox of an image that is here spends on it.
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { writeLayout } from './images/oci.mjs';
import { tar } from './images/tar.mjs';
import { root } from './setup/paths.mjs';
import { setup } from './setup.mjs';
import { probeKvm } from './test/kvm.mjs';

const ROUNDS = 3;
const MOST = 1.5;
const MOST_SHARE = 0.02;
const MIB = 1024 * 1024;

await setup({ for: 'test' });
const { Runtime } = await import(join(root, 'dist/index.js'));
const scratch = mkdtempSync(join(tmpdir(), 'boxlite-bench-'));
const registry = await startRegistry();
try {
  const ref = `${registry.host}/bench:latest`;
  writeLayout(join(scratch, 'layout'), { layers: layers(), config: {}, ref: 'latest' });
  execFileSync('skopeo', [
    'copy',
    '-q',
    '--dest-tls-verify=false',
    `oci:${join(scratch, 'layout')}:latest`,
    `docker://${ref}`,
  ]);
  const ours = [];
  const theirs = [];
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await timed(`${round}-home`, (path) => pulled(path, ref)));
    theirs.push(await timed(`${round}-peer`, (path) => unpacked(path, ref)));
    console.log(
      `round ${round + 1}: pull ${ours[round].toFixed(0)} ms, skopeo and umoci ${theirs[round].toFixed(0)} ms`,
    );
  }
  const ratio = median(ours) / median(theirs);
  console.log(`ratio ${ratio.toFixed(2)}, at most ${MOST} is asked for`);
  const share = await cachedShare(ref);
  process.exitCode = ratio <= MOST && share <= MOST_SHARE ? 0 : 1;
} finally {
  registry.process.kill('SIGKILL');
  await once(registry.process, 'exit');
  rmSync(scratch, { recursive: true, force: true });
}

/** Four layers of 50 MiB in files of 16 KiB to 4 MiB, about half of which gzip takes away. */
function layers() {
  return [0, 1, 2, 3].map((number) => {
    const entries = [{ path: `layer${number}`, mode: 0o755 }];
    let left = 50 * MIB;
    for (let at = 0; left > 0; at++) {
      const size = Math.min(left, at % 8 === 0 ? 4 * MIB : 16 * 1024 * ((at % 16) + 1));
      const data = Buffer.alloc(size, `the same again and again ${at} `);
      randomBytes(size / 2).copy(data);
      entries.push({ path: `layer${number}/f${at}`, mode: 0o644, data });
      left -= size;
    }
    return tar(entries);
  });
}

async function timed(name, work) {
  const path = join(scratch, name);
  mkdirSync(path);
  const began = performance.now();
  await work(path);
  const ms = performance.now() - began;
  rmSync(path, { recursive: true });
  return ms;
}

async function pulled(home, ref) {
  const runtime = new Runtime({ home });
  await runtime.images.pull(ref);
  await runtime.close();
}

/** The part of its time that a createBox spends on an image of this home, as its own boot timings say. */
async function cachedShare(ref) {
  const engine = probeKvm().ok ? 'krun' : 'qemu';
  const runtime = new Runtime({ home: join(scratch, 'boxes'), engine });
  await runtime.images.pull(ref);
  const boots = [];
  for (let round = 0; round < ROUNDS; round++) {
    const box = await runtime.createBox({ image: ref });
    boots.push(box.boot);
    await box.remove({ force: true });
  }
  await runtime.close();
  for (const { imageMs, totalMs, imageCached } of boots) {
    const found = imageCached ? 'here' : 'not here';
    console.log(
      `createBox on ${engine}, image ${found}: ${imageMs.toFixed(1)} of ${totalMs.toFixed(0)} ms for the image`,
    );
  }
  const share = median(boots.map(({ imageMs, totalMs }) => imageMs / totalMs));
  console.log(`share of the image ${(share * 100).toFixed(2)} %, at most ${MOST_SHARE * 100} % is asked for`);
  return share;
}

function unpacked(path, ref) {
  execFileSync('skopeo', [
    'copy',
    '-q',
    '--src-tls-verify=false',
    `docker://${ref}`,
    `oci:${join(path, 'layout')}:latest`,
  ]);
  execFileSync('umoci', ['unpack', '--image', `${join(path, 'layout')}:latest`, join(path, 'bundle')], {
    stdio: 'ignore',
  });
}

function median(all) {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
}

async function startRegistry() {
  const config = join(scratch, 'registry.yml');
  const storage = join(scratch, 'registry');
  writeFileSync(
    config,
    `version: 0.1\nstorage: { filesystem: { rootdirectory: ${storage} } }\nhttp: { addr: "127.0.0.1:0" }\n`,
  );
  const process = spawn('docker-registry', ['serve', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  for await (const line of createInterface({ input: process.stderr })) {
    const port = /listening on 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
    if (port) {
      process.stderr.resume();
      return { process, host: `127.0.0.1:${port}` };
    }
  }
  throw new Error('docker-registry ended before it listened');
}

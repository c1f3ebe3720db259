import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { makeBusyboxImage } from '../../scripts/images/busybox.mjs';

const directory = join(mkdtempSync(join(tmpdir(), 'images-')), 'busybox');

before(() => makeBusyboxImage(directory));
after(() => rmSync(join(directory, '..'), { recursive: true }));

function blob(descriptor) {
  const data = readFileSync(join(directory, 'blobs', descriptor.digest.replace(':', '/')));
  assert.equal(`sha256:${createHash('sha256').update(data).digest('hex')}`, descriptor.digest);
  assert.equal(data.length, descriptor.size);
  return data;
}

function image() {
  const index = JSON.parse(readFileSync(join(directory, 'index.json'), 'utf8'));
  const manifest = JSON.parse(blob(index.manifests[0]));
  return { config: JSON.parse(blob(manifest.config)), layer: gunzipSync(blob(manifest.layers[0])) };
}

test('every digest and size of the busybox image is right', () => {
  const { config, layer } = image();
  assert.deepEqual(config.rootfs.diff_ids, [`sha256:${createHash('sha256').update(layer).digest('hex')}`]);
});

test('tar reads the busybox image: all of it is root’s, sh is a link to busybox', () => {
  const list = execFileSync('tar', ['-tv', '--numeric-owner'], { input: image().layer, encoding: 'utf8' });
  const lines = list.trim().split('\n');
  assert.ok(lines.every((line) => / 0\/0 /.test(line)));
  assert.match(list, /^lrwxrwxrwx .* bin\/sh -> \/bin\/busybox$/m);
  assert.match(list, /^-rwxr-xr-x .* bin\/busybox$/m);
  assert.match(list, /^drwxrwxrwt .* tmp\/$/m);
});

test('the same busybox gives the same image', async () => {
  const other = `${directory}-again`;
  await makeBusyboxImage(other);
  assert.equal(readFileSync(join(other, 'index.json'), 'utf8'), readFileSync(join(directory, 'index.json'), 'utf8'));
});

#!/usr/bin/env node
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { appletEntries, baseEntries, environment, file } from './base.mjs';
import { hasLayout, writeLayout } from './oci.mjs';
import { tar } from './tar.mjs';

const BUSYBOX = '/bin/busybox';

/** Makes an image of the machine's own static busybox, about 1 MB, as an OCI layout; does nothing when it is there. */
export async function makeBusyboxImage(directory) {
  if (hasLayout(directory)) return;
  const layer = tar([...baseEntries(), file('bin/busybox', 0o755, readFileSync(BUSYBOX)), ...appletEntries(BUSYBOX)]);
  writeLayout(directory, { layers: [layer], config: { Env: environment, Cmd: ['/bin/sh'] }, ref: 'busybox:latest' });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await makeBusyboxImage(process.argv[2] ?? fileURLToPath(new URL('../../out/images/busybox', import.meta.url)));
}

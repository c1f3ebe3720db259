import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { native } from '../setup/paths.mjs';

const PROBE = `
  const addon = { exports: {} };
  process.dlopen(addon, process.argv[1]);
  addon.exports.probeKvm().then((verdict) => console.log(JSON.stringify(verdict)));
`;

/** Whether this machine's own KVM runs a stock guest, and what was found. */
export function probeKvm() {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', PROBE, join(native, 'boxlite.node')], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  try {
    return JSON.parse(stdout);
  } catch {
    return { ok: false, detail: `the probe failed: ${stderr.trim()}` };
  }
}

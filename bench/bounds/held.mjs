import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const AGENT = [
  'grep -E "^(VmRSS|VmHWM)" /proc/1/status',
  'echo fds: $(ls /proc/1/fd | wc -l)',
  'echo cgroups: $(ls -d /sys/fs/cgroup/c/*/ | wc -l)',
].join('; ');

/** What client, shim and agent hold now: memory in MiB, and what is counted. This process is the client. */
export async function held(box, shim) {
  const { stdout } = await box.exec(AGENT, { check: true });
  return {
    memory: { client: rssOf('self'), shim: rssOf(shim), agent: kiB(stdout, 'VmRSS') / 1024 },
    counts: {
      'descriptors of the client': readdirSync('/proc/self/fd').length,
      'descriptors of the shim': readdirSync(`/proc/${shim}/fd`).length,
      'descriptors of the agent': number(stdout, 'fds'),
      'cgroups in the box': number(stdout, 'cgroups'),
    },
  };
}

/** What garbage there is goes first: when it does otherwise is V8's choice. */
export function rssAfterCollection() {
  collect();
  return rssOf('self');
}

/** What this process still refers to, MiB: its RSS also has the room that V8 gives its own collector, by and by. */
export function heldAfterCollection() {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

export function forgetPeak() {
  writeFileSync('/proc/self/clear_refs', '5');
}

/** The most that this process held since forgetPeak(), garbage included, MiB. */
export function peakRss() {
  return kiB(readFileSync('/proc/self/status', 'utf8'), 'VmHWM') / 1024;
}

function collect() {
  globalThis.gc();
  globalThis.gc();
}

function rssOf(pid) {
  return kiB(readFileSync(`/proc/${pid}/status`, 'utf8'), 'VmRSS') / 1024;
}

function kiB(text, name) {
  return Number(text.match(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm'))[1]);
}

function number(text, name) {
  return Number(text.match(new RegExp(`^${name}: (\\d+)$`, 'm'))[1]);
}

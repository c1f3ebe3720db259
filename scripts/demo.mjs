// npm run demo [-- --image DIR|REFERENCE]: a box from its image to its removal, with what each step took.
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { progressBar } from './progress-bar.mjs';
import { root } from './setup/paths.mjs';
import { setup } from './setup.mjs';

const program = `
import sys, platform
print("hello from Python", platform.python_version(), "on Linux", platform.release())
print("this machine has", open("/proc/cpuinfo").read().count("processor\\t"), "cpu")
print("2 ** 200 =", 2 ** 200)
sys.exit(42)
`;
const plainProgram = 'echo "hello from $(uname -sr)"; exit 42\n';

const { values } = parseArgs({ options: { image: { type: 'string' } } });
await setup({ for: 'demo' });
const { Runtime } = await import(join(root, 'dist', 'index.js'));
const image = values.image === undefined ? { layout: await demoImage() } : chosenImage(values.image);
const home = mkdtempSync(join(tmpdir(), 'boxlite-demo-'));
const runtime = new Runtime({ home });
process.exitCode = 1;
try {
  await demonstrate();
} catch (error) {
  explain(error);
} finally {
  await runtime.close();
  rmSync(home, { recursive: true, force: true });
}

/** A directory that is there, else a reference of a registry. */
function chosenImage(text) {
  return existsSync(text) || /^[./]/.test(text) ? { layout: resolve(text) } : text;
}

async function demoImage() {
  const { makePythonImage } = await import('./images/python.mjs');
  const layout = join(root, 'out', 'images', 'python');
  await makePythonImage(layout);
  return layout;
}

async function demonstrate() {
  say('createBox', typeof image === 'string' ? image : image.layout);
  const bar = progressBar(process.stdout, say);
  const box = await runtime.createBox({ image }, { onProgress: bar.onProgress }).finally(bar.end);
  const { engine } = await box.info();
  say(
    'engine',
    engine === 'krun' ? 'krun: libkrun under KVM' : 'qemu: software emulation, since KVM runs no guest here',
  );
  showBoot(box.boot);
  await runProgram(box);
  const exit = await box.stop();
  say('stop', `the box was ${exit.reason}`);
  await box.remove();
  if (await runtime.getBox(box.id)) throw new Error('the row of the box is left behind');
  await runtime.close();
  showNothingLeft(box.id);
}

/** Writes the program into the box through stdin, and runs it there. */
async function runProgram(box) {
  const hasPython = (await box.exec('command -v python3')).ok;
  const [path, interpreter, text] = hasPython
    ? ['/root/hello.py', 'python3', program]
    : ['/root/hello.sh', '/bin/sh', plainProgram];
  await box.exec(['/bin/sh', '-c', 'cat > "$0"', path], { stdin: text, check: true });
  say('exec', `${interpreter} ${path}`);
  const result = await box.exec([interpreter, path]);
  for (const line of result.stdout.trimEnd().split('\n')) say('  stdout', line);
  for (const line of result.stderr.trimEnd().split('\n').filter(Boolean)) say('  stderr', line);
  say('exit code', `${result.exitCode} (42 was asked for), after ${result.durationMs.toFixed(0)} ms`);
  if (result.exitCode !== 42) throw new Error(`the program exited with ${result.exitCode}`);
}

function showBoot({ totalMs, imageMs, disksMs, shimMs, kernelMs, agentMs }) {
  say('boot', `${totalMs.toFixed(0)} ms`);
  const parts = { image: imageMs, disks: disksMs, 'shim and VMM': shimMs, kernel: kernelMs, agent: agentMs };
  for (const [name, ms] of Object.entries(parts)) say(`  ${name}`, `${ms.toFixed(1)} ms`);
}

function showNothingLeft(id) {
  const links = `/tmp/bl-${process.geteuid()}`;
  const left = [
    ...processesNaming(id).map((pid) => `process ${pid}`),
    ...[join(home, 'boxes', id), join(home, 'trash', id), join(links, id)].filter((path) => existsSync(path)),
  ];
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
  say('remove', 'no process, no directory, no link, no row is left');
  process.exitCode = 0;
}

function processesNaming(id) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && openFiles(name).some((path) => path.includes(id)));
}

function openFiles(pid) {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return [];
  }
}

function say(what, text) {
  console.log(`${what.padEnd(16)} ${text}`);
}

function explain(error) {
  console.error(`\nThe demo failed: ${error.code ? `[${error.code}] ` : ''}${error.message}`);
  if (error.hint) console.error(`What to do: ${error.hint}`);
  if (error.consoleTail) console.error(`The guest's last words:\n${error.consoleTail}`);
}

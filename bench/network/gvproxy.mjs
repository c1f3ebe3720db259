import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gvproxy } from './build.mjs';

const PATIENCE_MS = 10_000;
const GUEST = '192.168.127.2';

/** Stock gvproxy, waiting for a QEMU at its socket, with its settings as they come but for the MTU. */
export async function startGvproxy(directory, mtu) {
  const socket = join(directory, 'qemu.sock');
  const services = join(directory, 'services.sock');
  const log = openSync(join(directory, 'gvproxy.log'), 'w');
  const args = ['-listen-qemu', `unix://${socket}`, '-services', `unix://${services}`, '-mtu', String(mtu)];
  const child = spawn(gvproxy, [...args, '-ssh-port', '-1'], { stdio: ['ignore', log, log] });
  for (const until = performance.now() + PATIENCE_MS; !existsSync(socket); await delay(10)) {
    if (performance.now() > until) throw new Error(`gvproxy does not listen: see ${directory}/gvproxy.log`);
  }
  return {
    socket,
    pid: child.pid,
    forward: (host, guest) => expose(services, { local: `127.0.0.1:${host}`, remote: `${GUEST}:${guest}` }),
    async close() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

function expose(socketPath, ports) {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/services/forwarder/expose', method: 'POST' }, async (answer) => {
      let said = '';
      for await (const chunk of answer) said += chunk;
      if (answer.statusCode === 200) resolve();
      else reject(new Error(`gvproxy does not forward: ${said.trim()}`));
    });
    asked.on('error', reject).end(JSON.stringify({ ...ports, protocol: 'tcp' }));
  });
}

/**
 * A directory for PATH with a qemu-system-x86_64 that takes its network from gvproxy's socket in place of the descriptor
 * that it is given: the same machine, kernel, agent and device, with another network behind it.
 */
export function qemuWith(directory, socket) {
  const qemu = execFileSync('sh', ['-c', 'command -v qemu-system-x86_64'], { encoding: 'utf8' }).trim();
  const bin = join(directory, 'bin');
  const wrapper = join(bin, 'qemu-system-x86_64');
  mkdirSync(bin);
  writeFileSync(
    wrapper,
    `#!/bin/sh
for argument do
  shift
  case $argument in
    stream,id=network,*) argument='stream,id=network,server=off,addr.type=unix,addr.path=${socket}' ;;
  esac
  set -- "$@" "$argument"
done
exec ${qemu} "$@"
`,
  );
  chmodSync(wrapper, 0o755);
  return bin;
}

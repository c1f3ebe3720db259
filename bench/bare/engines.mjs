import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { bare } from '../paths.mjs';

/**
 * How each engine starts the bare machine: when, the process, and the stream to its agent once there is one; `close`
 * stops waiting for that.
 */
export const engines = { krun: startKrun, qemu: startQemu };

const AGENT_FD = 3;
const KERNEL_ARGUMENTS =
  'reboot=t panic=-1 no_timer_check tsc=nowatchdog nomodule ro quiet console=hvc0 root=/dev/vda rootfstype=ext4 init=/agent';

/** libkrun's vsock leads to a unix socket, to which the guest's agent connects. */
async function startKrun({ cpus, memoryMiB }, directory, signal) {
  const socket = join(directory, 'agent.sock');
  const server = createServer().listen(socket);
  await once(server, 'listening', { signal });
  const args = [bare.libkrun, bare.libkrunfw, bare.disk, socket, String(cpus), String(memoryMiB)];
  const began = performance.now();
  const child = spawn(bare.runner, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'] });
  const agent = once(server, 'connection', { signal }).then(([stream]) => stream);
  return { began, child, agent, close: () => server.close() };
}

/** The machine of a box, with one disk and one port. It dies with this process, however that ends. */
async function startQemu({ cpus, memoryMiB }) {
  const args = [
    [
      '-M',
      'microvm,accel=tcg,acpi=off,isa-serial=off,rtc=on,pit=on,pic=on',
      '-bios',
      'qboot.rom',
      '-cpu',
      'max,erms=off,fsrm=off',
    ],
    ['-m', String(memoryMiB), '-smp', String(cpus), '-nodefaults', '-no-user-config', '-no-reboot'],
    ['-display', 'none', '-kernel', bare.kernel, '-append', kernelArguments(cpus)],
    ['-device', 'virtio-serial-device,max_ports=4', '-chardev', `socket,id=agent,fd=${AGENT_FD}`],
    ['-device', 'virtserialport,chardev=agent,name=agent.0,nr=1'],
    ['-drive', `file=${bare.disk},if=none,id=root,format=raw,readonly=on`, '-device', 'virtio-blk-device,drive=root'],
  ].flat();
  const stdio = ['ignore', 'ignore', 'pipe', 'pipe'];
  const began = performance.now();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], { stdio });
  return { began, child, agent: Promise.resolve(child.stdio[AGENT_FD]), close: () => {} };
}

function kernelArguments(cpus) {
  return cpus > 1 ? `${KERNEL_ARGUMENTS} maxcpus=1 noreplace-smp` : KERNEL_ARGUMENTS;
}

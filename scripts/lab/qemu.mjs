import { spawn } from 'node:child_process';
import { searchPath } from '../setup/paths.mjs';
import { initramfs, kernel } from './paths.mjs';

const MEMORY_MIB = 6144;
// With one, no interrupt between processors can be lost, and the machine's other processor is free for what runs beside it.
const CPUS = 1;

/**
 * Starts the machine of a lab host: an emulated processor with SVM, so that the kernel in it has a real KVM.
 * Its stdout is the line from the job. It dies with this process, however that ends.
 */
export function startMachine(directory) {
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...machine(directory)], {
    // A line whose other end is closed would be closed in the machine as well.
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: searchPath },
  });
}

function machine({ job, share, scratch, console }) {
  return [
    ['-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max'],
    ['-smp', String(CPUS), '-m', String(MEMORY_MIB)],
    ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ['-kernel', kernel, '-initrd', initramfs],
    ['-append', 'console=ttyS0 quiet panic=-1 mitigations=off tsc=reliable'],
    ['-chardev', `file,id=console,path=${escaped(console)}`, '-serial', 'chardev:console'],
    ['-device', 'virtio-serial-pci', '-chardev', 'stdio,id=line,signal=off'],
    ['-device', 'virtserialport,chardev=line,name=lab'],
    ['-drive', `file=${escaped(scratch)},if=virtio,format=raw,cache=unsafe`],
    ['-virtfs', directory('root', '/', 'readonly=on')],
    ['-virtfs', directory('job', job, 'readonly=on')],
    ['-virtfs', directory('share', share, 'readonly=off')],
  ].flat();
}

function directory(tag, path, mode) {
  return `local,path=${escaped(path)},mount_tag=${tag},security_model=none,multidevs=remap,${mode}`;
}

/** A comma in a value ends it, unless it is doubled. */
function escaped(path) {
  return path.replaceAll(',', ',,');
}

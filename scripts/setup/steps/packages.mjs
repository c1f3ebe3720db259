import { existsSync } from 'node:fs';
import { capture } from '../command.mjs';
import { SetupFailed } from '../failure.mjs';
import { hasCommand } from '../paths.mjs';

const command = (name) => () => hasCommand(name);
const file = (path) => () => existsSync(path);

// What a package is there for tells whether it is needed, so that other ways of installing it count too.
const PACKAGES = [
  { name: 'qemu-system-x86', isThere: command('qemu-system-x86_64') },
  { name: 'e2fsprogs', isThere: command('debugfs') },
  { name: 'nlohmann-json3-dev', isThere: file('/usr/include/nlohmann/json.hpp') },
  { name: 'mmdebstrap', isThere: command('mmdebstrap') },
  // node-gyp's own needs, for packages that come without a binary for this machine.
  { name: 'make', isThere: command('make') },
  { name: 'python3', isThere: command('python3') },
];

const TEST_PACKAGES = [
  { name: 'libgtest-dev', isThere: file('/usr/include/gtest/gtest.h') },
  // Not any busybox: the one linked dynamically cannot be an image by itself.
  { name: 'busybox-static', isThere: file('/var/lib/dpkg/info/busybox-static.list') },
  { name: 'kmod', isThere: command('modprobe') },
  { name: 'bubblewrap', isThere: command('bwrap') },
  { name: 'cpio', isThere: command('cpio') },
  // A registry to pull from, and independent tools to copy and unpack images with.
  { name: 'docker-registry', isThere: command('docker-registry') },
  { name: 'skopeo', isThere: command('skopeo') },
  { name: 'umoci', isThere: command('umoci') },
];

export function packagesFor(purpose) {
  const packages = purpose === 'test' ? [...PACKAGES, ...TEST_PACKAGES] : PACKAGES;
  const missing = () => packages.filter(({ isThere }) => !isThere()).map(({ name }) => name);
  return {
    id: 'packages',
    title: 'Debian packages',
    script: import.meta.url,
    isDone: () => missing().length === 0,
    mayStop: false, // a dpkg that is cut short has to be mended by hand
    run: (context) => install(context, missing()),
    repair: `install them yourself: apt-get update && apt-get install ${packages.map(({ name }) => name).join(' ')}`,
  };
}

async function install(context, names) {
  const prefix = asRoot(names);
  const apt = (...args) => {
    const [program, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    return context.run(program, rest);
  };
  // Old lists name files that are gone. One unreachable source is no reason to stop: the install tells.
  await apt('update').catch((error) => context.write(`${error.message}\n`));
  await apt('install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names);
}

function asRoot(names) {
  const list = names.join(' ');
  if (!hasCommand('apt-get')) {
    throw new SetupFailed(`what these Debian packages hold is missing: ${list}`, 'install them from your system.');
  }
  if (process.getuid() === 0) return [];
  if (capture('sudo', ['-n', 'true']) !== undefined) return ['sudo', '-n'];
  throw new SetupFailed(
    `these Debian packages are missing, and installing them takes root: ${list}`,
    `sudo apt-get update && sudo apt-get install --no-install-recommends ${list}`,
  );
}

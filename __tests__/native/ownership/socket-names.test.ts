import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { BoxSockets, longestName } from '../../../lib/ownership/sockets';
import { newBoxId } from '../../../lib/util/id';

const project = join(__dirname, '../../..');

interface Package {
  name: string;
  version: string;
  manifest_path: string;
}

/** Every Rust file of the pinned libkrun and its own crates, as cargo has them. */
function pinnedSources(): { version: string; files: Map<string, string> } {
  const options = ['--locked', '--format-version=1', '--filter-platform=x86_64-unknown-linux-gnu'];
  const manifest = join(project, 'third_party/libkrun/Cargo.toml');
  const metadata = execFileSync('cargo', ['metadata', ...options, `--manifest-path=${manifest}`], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { packages } = JSON.parse(metadata) as { packages: Package[] };
  const own = packages.filter(({ name }) => name === 'libkrun' || name.startsWith('krun-'));
  const files = own.flatMap(({ name, manifest_path }) => {
    const source = join(dirname(manifest_path), 'src');
    const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.rs'));
    return names.map((file): [string, string] => [join(name, file), readFileSync(join(source, file), 'utf8')]);
  });
  return { version: String(own.find(({ name }) => name === 'libkrun')?.version), files: new Map(files) };
}

const { version, files } = pinnedSources();
const linesWith = (pattern: RegExp) =>
  [...files].flatMap(([file, text]) =>
    text
      .split('\n')
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );

test(`S7: libkrun ${version} derives the names of sockets that are known here, and no others`, () => {
  expect(files.size).toBeGreaterThan(100);
  // Since 1.19 it is a name of its own, in the directory for temporary files, only where it is given a path; before, "-krun.sock" behind that path.
  expect(linesWith(/\.sock["']/)).toEqual(['krun-devices/virtio/net/unixgram.rs: "krun-net-{}-{}.sock",']);
  expect(linesWith(/let local_path/)).toEqual([
    'krun-devices/virtio/net/unixgram.rs: let local_path = std::env::temp_dir().join(&socket_name);',
  ]);
});

test(`S7: libkrun ${version} binds Unix sockets in two places, one of them the path that it was given as it is`, () => {
  const binding = [...files].filter(
    ([, text]) => /\bbind\($/m.test(text) || /\bbind\(.*(UnixAddr|local_addr)/.test(text),
  );
  expect(binding.map(([file]) => file).sort()).toEqual([
    'krun-devices/virtio/net/unixgram.rs',
    'krun-devices/virtio/vsock/unix.rs',
  ]);
  expect(files.get('krun-devices/virtio/vsock/unix.rs')).toMatch(
    /bind\(\s*fd\.as_raw_fd\(\),\s*&UnixAddr::new\(path\)/,
  );
});

test('S7: no name that is bound or was ever derived is longer than the room that is kept', () => {
  const bound = ['box.sock', 'agent.sock', 'net.sock', 'net.sock-krun.sock'];
  const longest = Math.max(...bound.map((name) => name.length));
  expect(Buffer.byteLength(longestName)).toBe(longest);
  const sockets = new BoxSockets(`/${'deep/'.repeat(60)}home`, newBoxId());
  for (const limit of [104, 108]) {
    expect(Buffer.byteLength(join(sockets.linkPath, longestName)) + 1).toBeLessThanOrEqual(limit);
  }
  expect(basename(sockets.path('net.sock'))).toBe('net.sock');
});

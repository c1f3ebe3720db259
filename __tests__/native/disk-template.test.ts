import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDiskFromTemplate } from '../../lib/boxes/disk-template';

const MIB = 1024 * 1024;
const native = join(__dirname, '../../out/native');

function e2fsprogs(program: string, ...args: string[]): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(program, args, { encoding: 'utf8', env: { PATH: '/usr/bin:/usr/sbin:/sbin' } });
  return { status, stdout };
}

describe.each([64, 4096])('the template of %d MiB', (diskMiB) => {
  let directory: string;
  let disk: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'disk-template-'));
    disk = join(directory, 'disk.ext4');
    await writeDiskFromTemplate(join(native, `disk-${diskMiB}.tpl`), disk, 2 * diskMiB * MIB);
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('makes a whole file system of its own size', () => {
    expect(e2fsprogs('e2fsck', '-f', '-n', disk).status).toBe(0);
    expect(e2fsprogs('dumpe2fs', '-h', disk).stdout).toMatch(
      new RegExp(`^Block count: +${(diskMiB * MIB) / 4096}$`, 'm'),
    );
  });

  it('has a journal, no blocks that only root may use, and room to grow to 1 TiB', () => {
    const { stdout } = e2fsprogs('dumpe2fs', '-h', disk);
    expect(stdout).toMatch(/^Filesystem features:.*\bhas_journal\b/m);
    expect(stdout).toMatch(/^Reserved block count: +0$/m);
    expect(stdout).toMatch(/^Reserved GDT blocks: +127$/m);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Home } from '../../lib/boxes/home';
import { Runtime } from '../../lib/index';
import { kvmVerdict } from '../../lib/shim/engine';
import { tempHome } from '../helpers/homes';

describe('doctor()', () => {
  test('reports every part, each finding that is not ok with its repair', async () => {
    await using runtime = new Runtime({ home: tempHome() });
    const report = await runtime.doctor();
    const ids = report.checks.map(({ id }) => id).sort();
    expect(ids).toEqual([
      'boxes',
      'cgroup',
      'confinement',
      'disk',
      'engine',
      'home',
      'images',
      'kvm',
      'libkrun',
      'libkrunfw',
      'networks',
      'qemu',
      'sockets',
    ]);
    for (const { status, detail, fix } of report.checks) {
      expect(detail).toMatch(/\w/);
      if (status !== 'ok') expect(fix).toMatch(/\w/);
    }
    expect(report).toMatchObject({ ok: true, engine: expect.stringMatching(/^(krun|qemu)$/) });
  });

  test('makes no box and no file but the database', async () => {
    const home = tempHome();
    await using runtime = new Runtime({ home });
    await runtime.doctor();
    expect(readdirSync(home).filter((name) => !name.startsWith('boxlite.db'))).toEqual([]);
  });

  test('says what is wrong with a home that cannot be opened', async () => {
    await using runtime = new Runtime({ home: join('/proc', 'no-home') });
    const report = await runtime.doctor();
    expect(report.ok).toBe(false);
    expect(report.checks.find(({ id }) => id === 'home')).toMatchObject({ status: 'fail', fix: expect.any(String) });
  });

  test('names what is missing without an engine', async () => {
    const path = process.env.PATH;
    process.env.PATH = '/nowhere';
    try {
      await using runtime = new Runtime({ home: tempHome(), engine: 'qemu' });
      const report = await runtime.doctor();
      expect(report).toMatchObject({ ok: false, engine: null });
      expect(report.checks.find(({ id }) => id === 'qemu')?.fix).toContain('apt-get install');
      await expect(runtime.createBox({ image: { layout: '/x' } })).rejects.toMatchObject({ code: 'no-hypervisor' });
    } finally {
      process.env.PATH = path;
    }
  });
});

describe('the verdict on KVM', () => {
  test('is remembered in the home for this boot of the machine', async () => {
    const home = await Home.open({ home: tempHome(), engine: 'auto' });
    const first = await kvmVerdict(home.store);
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const keys = ['open', 'closed'].map((access) => `kvm-verdict:${bootId}:${access}`);
    const kept = (await Promise.all(keys.map((key) => home.store.getMeta(key)))).filter((value) => value !== null);
    expect(kept).toEqual([JSON.stringify(first)]);
    for (const key of keys) await home.store.setMeta(key, JSON.stringify({ ok: true, detail: 'remembered' }));
    expect(await kvmVerdict(home.store)).toEqual({ ok: true, detail: 'remembered' });
    await home.close();
  });
});

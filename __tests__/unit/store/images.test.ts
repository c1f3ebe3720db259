import type { ImageRow } from '../../../lib/store/images';
import { newBox, openedStore } from './stage';

const config = { entrypoint: [], cmd: ['sh'], env: { A: 'b' }, user: '', cwd: '/', ports: [], labels: { l: 'm' } };
const row = (digest: string): ImageRow => ({ digest, platform: 'linux/amd64', sizeBytes: 1, diskBytes: 2, config });
const ref = (name: string, target: string, pulledAt = 1) => ({ ref: name, target, pulledAt });

describe('the images of a store', () => {
  test('are found by name, by digest and by what the name led to', async () => {
    const { images } = await openedStore();
    await images.put(row('sha256:aa'), ref('x/a:1', 'sha256:index'));
    const whole = { ...row('sha256:aa'), ...ref('x/a:1', 'sha256:index') };
    expect(await images.find('x/a:1')).toEqual(whole);
    expect(await images.findDigest('sha256:aa')).toEqual(whole);
    expect(await images.findDigest('sha256:index')).toEqual(whole);
    expect(await images.find('x/a:2')).toBeNull();
    expect(await images.findDigest('sha256:bb')).toBeNull();
  });

  test('keep a name on the digest that it was given last, and each name once', async () => {
    const { images } = await openedStore();
    await images.put(row('sha256:aa'), ref('x/a:1', 'sha256:aa'));
    await images.put(row('sha256:bb'), ref('x/a:1', 'sha256:bb', 2));
    expect((await images.list()).map(({ ref: name, digest }) => [name, digest])).toEqual([['x/a:1', 'sha256:bb']]);
    // The one that lost its name is still known, until it is removed.
    expect((await images.findDigest('sha256:aa'))?.ref).toBe('sha256:aa');
  });

  test('without a name are in no list but in use', async () => {
    const store = await openedStore();
    await store.images.put(row('sha256:aa'));
    await store.boxes.insert({ ...newBox('box1'), imageDigest: 'sha256:aa' });
    expect(await store.images.list()).toEqual([]);
    expect(await store.images.uses()).toMatchObject([{ digest: 'sha256:aa', refs: [], boxes: ['box1'] }]);
    expect(await store.images.ofBoxes()).toEqual([{ id: 'box1', digest: 'sha256:aa' }]);
  });

  test('that are removed lose all their names', async () => {
    const { images } = await openedStore();
    await images.put(row('sha256:aa'), ref('x/a:1', 'sha256:aa'));
    await images.put(row('sha256:aa'), ref('x/a:2', 'sha256:aa'));
    expect(await images.removeRef('x/a:1')).toBe(true);
    expect(await images.removeRef('x/a:1')).toBe(false);
    await images.remove('sha256:aa');
    expect(await images.list()).toEqual([]);
    expect(await images.findDigest('sha256:aa')).toBeNull();
  });
});

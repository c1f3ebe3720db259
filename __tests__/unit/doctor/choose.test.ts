import { choose } from '../../../lib/doctor/engines';

describe('the engine that doctor() names', () => {
  test.each([
    ['auto', true, true, 'krun'],
    ['auto', true, false, 'krun'],
    ['auto', false, true, 'qemu'],
    ['auto', false, false, null],
    ['krun', true, true, 'krun'],
    ['krun', false, true, null],
    ['qemu', true, true, 'qemu'],
    ['qemu', true, false, null],
  ] as const)('for %s with krun %s and qemu %s is %s', (wanted, krun, qemu, engine) => {
    expect(choose(wanted, krun, qemu)).toBe(engine);
  });
});

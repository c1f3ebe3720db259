import { networksFinding } from '../../../lib/doctor/networks';

const shim = (boxId: string) => ({ boxId, program: 'boxlite-shim' });
const netd = (boxId: string) => ({ boxId, program: 'boxlite-netd' });

test.each([
  ['no box with a network', [], [shim('box-1')], 'ok', []],
  ['a box that has its network', ['box-1'], [shim('box-1'), netd('box-1')], 'ok', []],
  ['a box that lost it', ['box-1', 'box-2'], [shim('box-1'), shim('box-2'), netd('box-2')], 'warn', ['box-1']],
  ['a box that has ended, and nobody has written that down yet', ['box-1'], [], 'ok', []],
] as const)('of %s the finding is right', (_, networked, programs, status, named) => {
  const finding = networksFinding(networked, programs);
  expect(finding.status).toBe(status);
  for (const id of named) expect(finding.detail).toContain(id);
  expect(finding.detail).not.toContain('box-2');
  expect(finding.fix === undefined).toBe(status === 'ok');
});

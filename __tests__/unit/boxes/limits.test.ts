import { boxLimits } from '../../../lib/boxes/limits';

const mib = 1024 * 1024;

test.each([
  ['krun' as const, 256],
  ['qemu' as const, 1408],
])('a box on %s may take its own memory and %i MiB for what is around it', (engine, overheadMiB) => {
  expect(boxLimits(engine, { memoryMiB: 512, cpus: 2 })).toEqual({
    memoryMaxBytes: (512 + overheadMiB) * mib,
    pidsMax: 512,
    cpus: 3,
  });
});

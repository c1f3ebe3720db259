import { steadyPss } from '../pss.mjs';
import { inTurns } from '../sides.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = 3;
const VMM_BOUND = 1.15;
const SHIM_BOUND_MIB = 4;

/** PSS of the processes of an idle box just booted: the VMM against the bare machine's, the shim for itself. */
export async function measureMemory(sides, say, signal) {
  const shim = [];
  const vmm = await inTurns(sides, ROUNDS, async (machine) => {
    const pss = machine.engine === 'qemu' ? Number.NaN : await steadyPss(machine.pid, signal);
    if (machine.engine) shim.push(await steadyPss(machine.shimPid, signal));
    say(
      `PSS of ${machine.engine ? `the VMM of a box: ${pss.toFixed(1)} MiB, its shim: ${shim.at(-1).toFixed(2)}` : `the bare VMM: ${pss.toFixed(1)}`} MiB`,
    );
    return pss;
  });
  return [
    {
      id: 'vmm-memory',
      title: 'memory of the VMM of an idle box (PSS)',
      unit: 'MiB',
      ...(sides.bare ? { value: median(vmm.box), floor: median(vmm.bare) } : {}),
      bound: VMM_BOUND,
      isRatio: true,
      samples: vmm,
    },
    {
      id: 'shim-memory',
      title: 'memory of its shim (PSS)',
      unit: 'MiB',
      value: median(shim),
      bound: SHIM_BOUND_MIB,
      isRatio: false,
      samples: { box: shim },
    },
  ];
}

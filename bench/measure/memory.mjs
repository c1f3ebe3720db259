import { steadyPss } from '../pss.mjs';
import { inTurns } from '../sides.mjs';
import { median } from '../statistics.mjs';

const ROUNDS = 3;
const VMM_BOUND = 1.15;
const SHIM_BOUND_MIB = 4;

/** PSS of the processes of an idle machine just booted: the VMM of a box against the bare one, the shim for itself. */
export async function measureMemory(sides, say, signal) {
  const pss = { bare: [], box: [], shim: [] };
  const read = async (name, pid) => {
    const mib = await steadyPss(pid, signal);
    say(`PSS, ${name}: ${mib.toFixed(2)} MiB`);
    pss[name].push(mib);
  };
  await inTurns(sides, ROUNDS, async (machine) => {
    if (!machine.shimPid) return read('bare', machine.pid);
    // QEMU's own memory has nothing to be compared with.
    if (machine.engine === 'krun') await read('box', machine.pid);
    await read('shim', machine.shimPid);
  });
  return [
    {
      id: 'vmm-memory',
      title: 'memory of the VMM of an idle box (PSS)',
      unit: 'MiB',
      ...(sides.bare ? { value: median(pss.box), floor: median(pss.bare) } : {}),
      bound: VMM_BOUND,
      isRatio: true,
      samples: { bare: pss.bare, box: pss.box },
    },
    {
      id: 'shim-memory',
      title: 'memory of its shim (PSS)',
      unit: 'MiB',
      value: median(pss.shim),
      bound: SHIM_BOUND_MIB,
      isRatio: false,
      samples: { box: pss.shim },
    },
  ];
}

/**
 * Boots one machine after the other, the bare one and a box in turn, and takes a sample of each, so that both
 * meet the same weather. Only one runs at a time. Without a bare machine, boxes alone.
 */
export async function inTurns(sides, rounds, sample) {
  const samples = { bare: [], box: [] };
  for (let round = 0; round < rounds; round++) {
    for (const name of sides.bare ? ['bare', 'box'] : ['box']) {
      samples[name].push(await withMachine(sides[name], sample));
    }
  }
  return samples;
}

export async function withMachine(side, use) {
  const machine = await side.boot();
  try {
    return await use(machine);
  } finally {
    await machine.end();
  }
}

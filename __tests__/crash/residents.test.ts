import { setTimeout as delay } from 'node:timers/promises';
import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { findLeftovers, processesOf } from '../helpers/leftovers';
import { engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { until } from '../native/support';
import { newSeed, randomOf, setting } from './support/choose';
import type { Fact } from './support/order';
import { Program, programs } from './support/program';
import { lookAt } from './support/verdict';

const residents = 6;
const seconds = setting('BOXLITE_CRASH_SECONDS', 10);
const seed = setting('BOXLITE_CRASH_SEED', newSeed());
const killEveryMs = Math.max(2_000, (seconds * 1000) / 12);

describe(`${residents} programs in one home on ${engine}`, () => {
  programs('resident');
  const home = tempHome();
  const random = randomOf(seed);
  const begin = () => {
    const order = { home, engine, layout: busyboxImage(), seed: Math.floor(random() * 1e6), most: residents };
    return new Program('resident', order);
  };

  test(
    `lose no box and see no broken store while one is killed again and again for ${seconds} s (seed ${seed})`,
    async () => {
      const all = Array.from({ length: residents }, begin);
      const living = [...all];
      const endsAt = performance.now() + seconds * 1000;
      while (performance.now() < endsAt) {
        // The clock of the test itself: nothing is waited for.
        await delay(Math.min(killEveryMs, Math.max(0, endsAt - performance.now())));
        const [victim] = living.splice(Math.floor(random() * living.length), 1);
        await victim?.kill();
        const heir = begin();
        all.push(heir);
        living.push(heir);
      }
      await Promise.all(living.map((program) => program.end()));
      const facts = all.flatMap((program) => program.facts);
      process.stdout.write(`${residents} programs on ${engine}, ${seconds} s, seed ${seed}: ${summary(facts, all)}\n`);
      expect(facts.map(({ broke }) => broke).filter(Boolean)).toEqual([]);
      expect(facts.some(({ made }) => made !== undefined)).toBe(true);

      await until('the processes end', () => processesOf(home).length === 0, scaled(15_000));
      const boxes = await lookAt(home);
      expect(
        lost(
          facts,
          boxes.map(({ id }) => id),
        ),
      ).toEqual([]);
      expect(boxes.map(({ state }) => state).filter((state) => state !== 'stopped' && state !== 'failed')).toEqual([]);
      const runtime = tempRuntime({ home });
      for (const box of boxes) expect(await runtime.remove(box)).toBe(true);
      await runtime.close();
      expect(findLeftovers(home)).toEqual([]);
    },
    seconds * 1000 + scaled(240_000),
  );
});

/** Boxes that somebody was given and nobody began to remove. */
function lost(facts: readonly Fact[], there: readonly string[]): string[] {
  const removing = new Set(facts.map(({ removing }) => removing));
  return facts
    .map(({ made }) => made)
    .filter((id) => id !== undefined && !removing.has(id) && !there.includes(id)) as string[];
}

function summary(facts: readonly Fact[], all: readonly Program[]): string {
  const count = (key: keyof Fact) => facts.filter((fact) => fact[key] !== undefined).length;
  const done = (['made', 'ran', 'stopped', 'started', 'removing', 'refused'] as const).map(
    (key) => `${key} ${count(key)}`,
  );
  return `${done.join(', ')}; killed ${all.length - residents} programs`;
}

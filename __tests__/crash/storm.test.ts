import { tempHome } from '../helpers/homes';
import { busyboxImage } from '../helpers/images';
import { killIfThere } from '../helpers/kill';
import { findLeftovers, processesOf } from '../helpers/leftovers';
import { engine, tempRuntime } from '../helpers/runtimes';
import { scaled } from '../helpers/speed';
import { until } from '../native/support';
import { newSeed, randomOf, setting } from './support/choose';
import { boxIds, killAgent, pidOf } from './support/kill';
import { Program, programs } from './support/program';
import { lookAt } from './support/verdict';

const rounds = setting('BOXLITE_CRASH_ROUNDS', 15);
const seed = setting('BOXLITE_CRASH_SEED', newSeed());
const promisedMs = scaled(5_000);
const roundMs = scaled(60_000);
const victims = ['client', 'shim', 'machine', 'agent'] as const;
type Victim = (typeof victims)[number];

describe(`a storm on ${engine}`, () => {
  programs('round');
  const home = tempHome();
  const random = randomOf(seed);
  const killed: Record<Victim | 'nothing', number> = { client: 0, shim: 0, machine: 0, agent: 0, nothing: 0 };

  test(
    `K5: ${rounds} rounds of create, exec, stop and remove with a part killed at a random moment leave nothing (seed ${seed})`,
    async () => {
      const usualMs = await undisturbed(home);
      for (let round = 1; round <= rounds; round++) {
        const part = victims[Math.floor(random() * victims.length)] as Victim;
        const atMs = random() * usualMs;
        const context = `round ${round} of ${rounds}, seed ${seed}: ${part} at ${Math.round(atMs)} ms`;
        const outcome = await disturbed(home, part, atMs);
        killed[outcome.killed]++;
        expect({ context, wrong: outcome.wrong }).toEqual({ context, wrong: [] });
        if (round % 50 === 0) process.stdout.write(`storm: ${round} rounds, 0 leftovers\n`);
      }
      const counts = Object.entries(killed).map(([part, count]) => `${part} ${count}`);
      process.stdout.write(
        `storm on ${engine}: ${rounds} rounds, seed ${seed}, killed: ${counts.join(', ')}; 0 leftovers\n`,
      );
    },
    roundMs * (rounds + 1),
  );
});

function begin(home: string): Program {
  return new Program('round', { home, engine, layout: busyboxImage(), name: 'storm' });
}

/** How long a round takes that nothing is done to. */
async function undisturbed(home: string): Promise<number> {
  const began = performance.now();
  const program = begin(home);
  await program.tells('its end', ({ ended }) => ended === 'well', roundMs);
  await program.end();
  return performance.now() - began;
}

async function disturbed(
  home: string,
  part: Victim,
  atMs: number,
): Promise<{ killed: Victim | 'nothing'; wrong: string[] }> {
  const began = performance.now();
  const program = begin(home);
  try {
    const isOver = () => !program.isAlive || program.facts.some(({ ended }) => ended !== undefined);
    await until('the moment', () => performance.now() - began >= atMs || isOver(), roundMs);
    const did = await killWhenThere(home, part, program, isOver);
    await until('the program ends', isOver, roundMs);
    await program.end();
    return { killed: did ? part : 'nothing', wrong: await leftAfter(home, program) };
  } finally {
    await program.kill();
  }
}

/** True when it was there before the round was over. */
async function killWhenThere(home: string, part: Victim, program: Program, isOver: () => boolean): Promise<boolean> {
  if (part === 'client') return !isOver() && program.kill().then(() => true);
  let did = false;
  const attempt = async () => {
    did = part === 'agent' ? await agentKilled(home, program) : processKilled(home, part);
    return did || isOver();
  };
  await until(`there is a ${part}`, attempt, roundMs);
  return did;
}

function processKilled(home: string, part: 'shim' | 'machine'): boolean {
  const pid = boxIds(home)
    .map((id) => pidOf(id, part))
    .find((found) => found !== undefined);
  return pid !== undefined && killIfThere(pid);
}

async function agentKilled(home: string, program: Program): Promise<boolean> {
  if (!program.facts.some(({ made }) => made !== undefined)) return false;
  return killAgent(home).then(
    () => true,
    // The box is being stopped or removed by now.
    () => false,
  );
}

/** What is wrong after the round, and then nothing is left of it. */
async function leftAfter(home: string, program: Program): Promise<string[]> {
  const ended = until('the processes end', () => processesOf(home).length === 0, promisedMs);
  const running = await ended.then(
    () => [],
    () => processesOf(home),
  );
  const boxes = await lookAt(home);
  const states = boxes.filter(({ state }) => state !== 'stopped' && state !== 'failed');
  const runtime = tempRuntime({ home });
  for (const box of boxes) await runtime.remove(box);
  await runtime.close();
  const wrong = [...running, ...states.map(({ state }) => `its row says ${state}`), ...findLeftovers(home)];
  return wrong.length === 0 ? [] : [...wrong, JSON.stringify(program.facts), program.complaints];
}

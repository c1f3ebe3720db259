import { type BoxFacts, decideRecovery, type RecoveryAction } from '../../../lib/ownership/decide';
import type { ProcessIdentity } from '../../../lib/ownership/identity';
import type { BoxState } from '../../../lib/types';

const process = (pid: number, ...argv: string[]): ProcessIdentity => ({ pid, startTicks: 7n, bootId: 'b', argv });
const shim = process(10, '/opt/boxlite-shim', 'k3');
const renamedShim = process(10, '/opt/shim', 'k3');
const vmm = process(11, '/opt/boxlite-vmm', 'k3');

const rows: BoxState[] = ['creating', 'running', 'stopping', 'stopped', 'failed', 'removing'];
const both = [true, false];
const pidFiles: Record<string, BoxFacts['pidFile']> = {
  valid: { kind: 'valid', identity: renamedShim },
  ofAnother: { kind: 'valid', identity: { ...renamedShim, startTicks: 8n } },
  missing: { kind: 'missing' },
  corrupt: { kind: 'corrupt', reason: 'empty' },
};
const lives: ProcessIdentity[][] = [[], [shim, vmm], [renamedShim], [vmm]];

/** Every combination of facts. */
const all: BoxFacts[] = rows.flatMap((row) =>
  both.flatMap((lockHeld) =>
    Object.values(pidFiles).flatMap((pidFile) =>
      lives.flatMap((live) =>
        (['answers', 'mute', 'absent'] as const).flatMap((socket) =>
          both.flatMap((exitRecord) =>
            both.flatMap((detached) =>
              both.map((ownerAlive) => ({ row, lockHeld, pidFile, live, socket, exitRecord, detached, ownerAlive })),
            ),
          ),
        ),
      ),
    ),
  ),
);

const provenAlive = ({ lockHeld, socket, live, pidFile }: BoxFacts) =>
  lockHeld || socket === 'answers' || live.includes(shim) || (live.includes(renamedShim) && pidFile === pidFiles.valid);

/** The facts that break the rule, if any. */
const breaking = (applies: (facts: BoxFacts) => boolean, allowed: RecoveryAction[]) =>
  all.filter((facts) => applies(facts) && !allowed.includes(decideRecovery(facts)));

test('R8: the table covers every combination of facts', () => {
  expect(all).toHaveLength(6 * 2 * 4 * 4 * 3 * 2 * 2 * 2);
  expect(new Set(all.map(decideRecovery))).toEqual(
    new Set(['adopt', 'mark-stopped', 'mark-failed', 'kill-and-mark-stopped', 'finish-remove', 'leave']),
  );
});

test('R8: a removal that had begun is finished, whatever else is seen', () => {
  expect(breaking(({ row }) => row === 'removing', ['finish-remove'])).toEqual([]);
});

test('R8: a box that lives is adopted or left alone, never marked and never killed, unless its removal had begun', () => {
  expect(breaking((facts) => provenAlive(facts) && facts.row !== 'removing', ['adopt', 'leave'])).toEqual([]);
});

test('R8: no answer is not death: a mute box whose lock is held is left alone', () => {
  expect(
    breaking((facts) => facts.lockHeld && facts.socket !== 'answers' && facts.row !== 'removing', ['leave']),
  ).toEqual([]);
});

test('R8: nothing is adopted that does not answer', () => {
  expect(all.filter((facts) => decideRecovery(facts) === 'adopt' && facts.socket !== 'answers')).toEqual([]);
});

test('R1: a detached box that runs and answers is adopted, whether or not its program lives, with or without a pid file', () => {
  const applies = ({ row, socket, detached }: BoxFacts) => row === 'running' && socket === 'answers' && detached;
  expect(breaking(applies, ['adopt'])).toEqual([]);
});

test('K6: a box that is not detached and whose program is gone is left to its shim, which ends it', () => {
  const applies = (facts: BoxFacts) =>
    provenAlive(facts) && !facts.detached && !facts.ownerAlive && facts.row !== 'removing';
  expect(breaking(applies, ['leave'])).toEqual([]);
});

test('R8: a create that is under way is left alone, and one whose program died before it lived is removed', () => {
  expect(breaking(({ row, ownerAlive }) => row === 'creating' && ownerAlive, ['leave'])).toEqual([]);
  const stranded = (facts: BoxFacts) => facts.row === 'creating' && !facts.ownerAlive && !provenAlive(facts);
  expect(breaking(stranded, ['finish-remove'])).toEqual([]);
});

test('R5: a dead box that should live is stopped with its record, and failed without one', () => {
  const dead = (facts: BoxFacts) =>
    !provenAlive(facts) && facts.live.length === 0 && ['running', 'stopping'].includes(facts.row);
  expect(breaking((facts) => dead(facts) && facts.exitRecord, ['mark-stopped'])).toEqual([]);
  expect(breaking((facts) => dead(facts) && !facts.exitRecord, ['mark-failed'])).toEqual([]);
});

test('R5: a dead box that is known to be stopped stays as it is', () => {
  const dead = (facts: BoxFacts) =>
    !provenAlive(facts) && facts.live.length === 0 && ['stopped', 'failed'].includes(facts.row);
  expect(breaking(dead, ['leave'])).toEqual([]);
});

test('K2: what a dead shim left behind is killed', () => {
  const orphans = (facts: BoxFacts) =>
    !provenAlive(facts) && facts.live.includes(vmm) && !['creating', 'removing'].includes(facts.row);
  expect(breaking(orphans, ['kill-and-mark-stopped'])).toEqual([]);
});

test('R8: the decision changes none of its facts', () => {
  for (const facts of all) {
    const before = { ...facts, live: [...facts.live] };
    decideRecovery(facts);
    expect(facts).toEqual(before);
  }
});

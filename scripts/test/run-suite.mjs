import { userInfo } from 'node:os';
import { count, failed } from './outcomes.mjs';

/** Runs a suite to its end, whatever happens in it, and says so. Its result is a row of the table. */
export async function runSuite({ id, engine = '', isLab = false, user, run }, signal) {
  const startedAt = performance.now();
  console.log(`\n== ${id}${isLab ? ' (in the lab)' : ''}`);
  const outcomes = await run({ onLine: (line) => console.log(`${id}  ${line}`), signal }).catch((error) => [
    failed(`${id} runs to its end`, signal?.aborted ? 'It was stopped.' : (error.stack ?? String(error))),
  ]);
  if (outcomes.length === 0) outcomes.push(failed(`${id} has tests`, 'None was run.'));
  const result = {
    id,
    where: isLab ? 'lab' : 'here',
    engine,
    user: user ?? (isLab ? 'root' : userInfo().username),
    outcomes,
    passed: count(outcomes, 'passed'),
    failed: count(outcomes, 'failed'),
    skipped: count(outcomes, 'skipped'),
    seconds: (performance.now() - startedAt) / 1000,
  };
  console.log(`== ${id}: ${result.passed} passed, ${result.failed} failed, ${result.seconds.toFixed(1)} s`);
  return result;
}

import { mkdirSync } from 'node:fs';
import { CommandFailed, StepContext } from './command.mjs';
import { SetupFailed, stepFailed } from './failure.mjs';
import { cache, logs, native, stamps } from './paths.mjs';
import { Progress } from './progress.mjs';
import { fingerprint, isStale, markDone, missingOutputs } from './stale.mjs';

const AT_ONCE = 2;

/** Runs the stale ones of the steps, two at a time, each after those it needs. Stops at the first failure. */
export async function runSteps(steps) {
  for (const directory of [native, cache, logs, stamps]) mkdirSync(directory, { recursive: true });
  const progress = new Progress();
  const running = new Map();
  const done = new Set();
  let failure;
  const stopAll = () => {
    for (const { context } of running.values()) context.stop();
  };
  const ended = endOnSignals(stopAll);
  try {
    while (done.size < steps.length) {
      for (const step of failure ? [] : ready(steps, running, done)) {
        if (running.size === AT_ONCE) break;
        if (!isStale(step)) done.add(step.id);
        else running.set(step.id, start(step, progress));
      }
      if (running.size === 0 && failure) throw failure;
      if (running.size === 0) continue;
      const { step, error } = await Promise.race([...running.values()].map(({ result }) => result));
      running.delete(step.id);
      if (!error) done.add(step.id);
      else if (!failure) {
        failure = error;
        stopAll();
      }
    }
  } finally {
    progress.stop();
    ended();
  }
}

function ready(steps, running, done) {
  const isReady = ({ id, needs = [] }) => !running.has(id) && !done.has(id) && needs.every((need) => done.has(need));
  return steps.filter(isReady);
}

function start(step, progress) {
  const context = new StepContext(step);
  progress.start(step, context);
  const result = runStep(step, context).then(
    () => {
      progress.done(step);
      return { step };
    },
    (error) => ({ step, error: stepFailed(step, context, error) }),
  );
  return { context, result };
}

async function runStep(step, context) {
  // Taken before the work, so that a source changed meanwhile leaves the step stale.
  const mark = fingerprint(step);
  try {
    if (!step.isAdopted?.()) await step.run(context);
  } catch (error) {
    if (!(error instanceof CommandFailed)) context.write(`${error.stack}\n`);
    throw error;
  } finally {
    await context.close();
  }
  const missing = missingOutputs(step);
  if (missing.length > 0) throw new SetupFailed(`${step.title} made no ${missing.join(', ')}`, step.repair);
  if (!step.isDone) markDone(step, mark);
}

function endOnSignals(stopAll) {
  const end = (signal) => {
    stopAll();
    process.removeListener(signal, end);
    process.kill(process.pid, signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, end);
  };
}

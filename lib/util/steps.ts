import type { Deadline } from './deadline';

/** One named step of a transition; `undo` takes back whatever a whole or half `run` left. */
export interface Step<Context> {
  readonly name: string;
  run(context: Context, deadline: Deadline): Promise<void>;
  undo?(context: Context): Promise<void>;
}

export interface StepHooks {
  /** Called before each step; a test ends the process here. */
  before?(step: string): void;
  /** An undo that itself failed: said, never thrown, so that the first cause reaches the caller. */
  undoFailed?(step: string, error: unknown): void;
}

/** Runs the steps in order. When one fails or the deadline passes, undoes it and those before it, last first. */
export async function runSteps<Context>(
  steps: readonly Step<Context>[],
  context: Context,
  deadline: Deadline,
  hooks: StepHooks = {},
): Promise<void> {
  const begun: Step<Context>[] = [];
  try {
    for (const step of steps) {
      deadline.throwIfOver();
      hooks.before?.(step.name);
      begun.push(step);
      await step.run(context, deadline);
    }
    deadline.throwIfOver();
  } catch (error) {
    for (const step of begun.reverse()) {
      try {
        await step.undo?.(context);
      } catch (undoError) {
        hooks.undoFailed?.(step.name, undoError);
      }
    }
    throw error;
  }
}

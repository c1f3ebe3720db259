import { BoxliteError } from '../errors';
import type { BoxLink } from '../exec/command';
import { exec } from '../exec/exec';
import { waitForPort } from '../exec/wait-for-port';
import { checkExec } from '../options';
import { BoxSockets } from '../ownership/sockets';
import { ShimConnection } from '../shim/connection';
import type { Command } from '../types';
import { Deadline } from '../util/deadline';
import type { Boot } from './boot';
import { explainBoot } from './console-tail';
import { commandDefaults } from './defaults';
import { boxPaths } from './directory';

const pauseMs = 100;

/** Waits for what the box was told to count as ready, within what is left of its boot's time. */
export async function awaitReady(boot: Boot, deadline: Deadline): Promise<void> {
  const { home, row, engine } = boot;
  const { ready } = row.options;
  if (!ready) return;
  const timeoutMs = row.options.bootTimeoutMs ?? engine.bootTimeoutMs;
  const leftMs = Math.max(1, timeoutMs - (boot.bootMs ?? 0));
  using budget = deadline.within(leftMs, 'boot-timeout', `The box was not ready within its ${timeoutMs} ms`);
  const connection = await ShimConnection.open(new BoxSockets(home.path, row.id).path('box.sock'), row.nonce, budget);
  const explainLoss = async (cause: BoxliteError) => cause;
  const link: BoxLink = { id: row.id, connection, explainLoss };
  try {
    if ('command' in ready) await awaitCommand(link, boot, ready.command, budget);
    else await waitForPort(link, { ...ready, timeoutMs: leftMs }, budget);
  } catch (error) {
    throw await explainBoot(notReady(error, timeoutMs, row.id), boxPaths(home.path, row.id).consoleLog);
  } finally {
    connection.close();
  }
}

async function awaitCommand(link: BoxLink, { row }: Boot, command: Command, budget: Deadline): Promise<void> {
  let found = 'it did not end';
  for (;;) {
    try {
      using life = Deadline.of({ signal: budget.signal }, 'The command');
      const result = await exec(link, checkExec(command, { killGraceMs: 0 }), commandDefaults(row), life);
      if (result.ok) return;
      found = result.signal ? `it was ended by ${result.signal}` : `it exited with ${result.exitCode}`;
      await budget.race(new Promise((resolve) => setTimeout(resolve, pauseMs)));
    } catch (error) {
      if (!budget.signal.aborted) throw error;
      const { code, message } = budget.signal.reason as BoxliteError;
      throw code === 'boot-timeout'
        ? new BoxliteError(code, `${message}: of its command, ${found}`)
        : budget.signal.reason;
    }
  }
}

function notReady(error: unknown, timeoutMs: number, box: string): unknown {
  if (!BoxliteError.is(error)) return error;
  if (error.code === 'timeout')
    return new BoxliteError('boot-timeout', `The box was not ready within its ${timeoutMs} ms: ${error.message}`, {
      box,
    });
  if (error.code === 'box-died')
    return new BoxliteError('boot-failed', 'The box ended before it was ready', { box, cause: error });
  return error;
}

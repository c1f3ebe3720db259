import { type BoxLink, RunningCommand } from '../../../lib/exec/command';
import type { CallSink } from '../../../lib/shim/connection';

/** A command on a connection that goes nowhere, and what hears its frames. */
function command(): { running: RunningCommand; sink: CallSink } {
  const sinks: CallSink[] = [];
  const connection = { call: (_: object, sink: CallSink) => sinks.push(sink) };
  const link = { id: 'abc', connection, explainLoss: async (cause: Error) => cause } as unknown as BoxLink;
  const running = new RunningCommand(link, {});
  return { running, sink: sinks[0] as CallSink };
}

test('a guest that names its denials again and again makes a command hold no more than 1,000', () => {
  const { running, sink } = command();
  const denied = { at: 0, ip: '203.0.113.9', port: 80, protocol: 'tcp', rule: 'not-allowed', message: 'denied' };
  for (let said = 0; said < 1_500; said++) sink.denial?.({ ...denied, port: said });
  expect(running.denied).toHaveLength(1_000);
  expect(running.denied.at(-1)?.port).toBe(999);
});

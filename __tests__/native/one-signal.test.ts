import { runProgram } from './support';

// In a program of its own: Node warns its process, which the tests see a copy of.
const program = `
  const { Deadline } = lib('util/deadline');
  const { signal } = new AbortController();
  const warned = [];
  process.on('warning', ({ name }) => warned.push(name));
  const deadlines = Array.from({ length: 50 }, () => Deadline.of({ signal }, 'exec'));
  await new Promise((resolve) => setImmediate(resolve));
  for (const deadline of deadlines) deadline[Symbol.dispose]();
  process.stdout.write(JSON.stringify(warned));
`;

test('one signal for 50 calls at once is no reason for a warning', async () => {
  expect(await runProgram(program)).toBe('[]');
});

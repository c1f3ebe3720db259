import { knownHomes, removeHomes } from './homes';
import { findLeftovers } from './leftovers';
import { closeRuntimes } from './runtimes';
import { scaled } from './speed';

jest.setTimeout(scaled(120_000));

// After every file: nothing of its homes is left. It asserts and does not reap.
afterAll(async () => {
  await closeRuntimes();
  const leftovers = knownHomes().flatMap((home) => findLeftovers(home));
  await removeHomes();
  expect(leftovers).toEqual([]);
}, scaled(120_000));

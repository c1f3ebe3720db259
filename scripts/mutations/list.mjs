import { identity } from './list/identity.mjs';
import { killing } from './list/killing.mjs';
import { reaping } from './list/reaping.mjs';
import { recovery } from './list/recovery.mjs';
import { sockets } from './list/sockets.mjs';

/**
 * A rule, and how it is taken out:
 * `row` of docs/ownership.md, `rule` and what is `without` it, in a few words; the `file` in which `from`, which is there once,
 * becomes `to`; and the test that must fail: its jest `project`, a part of its path as `test`, and a part of its `title`.
 * Tests of booted boxes run with the others of their file, whose box they may share, unless they can run `alone`.
 * `build` names what has to be built anew: 'programs' or 'addon'.
 */
export const mutations = [...identity, ...recovery, ...reaping, ...killing, ...sockets];

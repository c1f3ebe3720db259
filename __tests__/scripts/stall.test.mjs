import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findStall } from '../../scripts/lab/stall.mjs';

const lockup = (seconds) => `[  478.4] watchdog: BUG: soft lockup - CPU#1 stuck for ${seconds}s! [rcu_preempt:15]`;

const cases = [
  { title: 'an empty console', text: '', found: undefined },
  { title: 'a lockup that may still end', text: `${lockup(26)}\r\n${lockup(52)}\r\n`, found: undefined },
  { title: 'a lockup that has lasted', text: `boot\r\n${lockup(26)}\r\n${lockup(60)}\r\nmore`, found: lockup(60) },
  {
    title: 'other words of the kernel',
    text: 'rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:',
    found: undefined,
  },
];

for (const { title, text, found } of cases) {
  test(`${title} is ${found ? 'a' : 'no'} stall`, () => assert.equal(findStall(text), found));
}

import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { out, root } from '../setup/paths.mjs';
import { run } from '../test/command.mjs';
import { judge, outcomesOf, passedTitles, troubleOf } from './judge.mjs';

const timeoutMs = 300_000;
const results = join(out, 'mutations/results.json');

/** Fails unless every test that is named passes as long as its rule is there. */
export async function prove(tree, mutations) {
  for (const project of new Set(mutations.map((mutation) => mutation.project))) {
    const own = mutations.filter((mutation) => mutation.project === project);
    const paths = [...new Set(own.map(({ test }) => test))];
    const titles = own.every(isAlone) ? own.map(({ title }) => title) : [];
    const outcomes = await jest(tree, project, paths, titles);
    const passed = passedTitles(outcomes);
    const missing = own.filter(({ title }) => !passed.some((each) => each.includes(title)));
    if (missing.length === 0) continue;
    const names = [...new Set(missing.map(({ title }) => title))];
    throw new Error(`not passed with all rules in place: ${names.join('; ')}\n${troubleOf(outcomes)}`);
  }
}

/** Each mutation with its verdict, and the words of the test. */
export async function tryAll(tree, mutations, signal, say) {
  const seen = [];
  for (const mutation of mutations) {
    if (signal.aborted) break;
    const began = performance.now();
    const verdict = await tryOne(tree, mutation);
    // One that was cut off says nothing.
    if (signal.aborted) break;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(`${mutation.row}  ${mutation.without}: ${verdict.verdict} in ${seconds} s. ${verdict.words}`);
    seen.push({ ...mutation, ...verdict });
  }
  return seen;
}

async function tryOne(tree, mutation) {
  const { file, from, to, build, project, test, title } = mutation;
  let restore = () => {};
  try {
    restore = tree.replace(file, from, to);
    if (build) await tree.build(build);
    return judge(await jest(tree, project, [test], isAlone(mutation) ? [title] : []), title);
  } catch (error) {
    // One that fits the sources no more proves nothing, and the others go on.
    return { verdict: 'broken', words: error.message };
  } finally {
    restore();
    if (build) tree.restoreNative();
  }
}

function isAlone({ project, alone = project !== 'vm' }) {
  return alone;
}

/** The outcomes of those tests of the copy; a run that wrote none down, as one whose time was up, says so. */
async function jest(tree, project, paths, titles) {
  rmSync(results, { force: true });
  const args = [
    'node_modules/jest/bin/jest.js',
    `--selectProjects=${project}`,
    '--runInBand',
    // A rule that is out may leave something open for ever.
    '--forceExit',
    '--json',
    `--outputFile=${results}`,
    `--cacheDirectory=${join(out, 'mutations/jest')}`,
    ...(titles.length > 0 ? [`--testNamePattern=${titles.map(escaped).join('|')}`] : []),
    '--roots=lib',
    '--roots=__tests__',
    '--',
    ...paths,
  ];
  const [file, ...before] = [...apart(), process.execPath];
  const end = await run(file, [...before, ...args], {
    cwd: tree.path,
    timeoutMs,
    env: { BOXLITE_TEST_ENGINE: 'qemu' },
  });
  try {
    // Where the copy is says nothing, and is different everywhere.
    return outcomesOf(JSON.parse(readFileSync(results, 'utf8').replaceAll(tree.path, '')));
  } catch {
    return { tests: [], trouble: `jest ${end.how}: ${end.output.slice(-2000)}` };
  }
}

/** For root: process numbers and a /tmp of their own, so that what a mutation strands ends with its run. */
function apart() {
  const namespaces = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const [file, ...args] = namespaces;
  if (process.geteuid() !== 0 || root.startsWith('/tmp/') || spawnSync(file, [...args, 'true']).status !== 0) return [];
  // The shell stays as the parent of orphans, which it reaps.
  return [...namespaces, '/bin/bash', '-c', 'mount -t tmpfs -o mode=1777 tmpfs /tmp && "$@"; exit $?', 'bash'];
}

function escaped(title) {
  return title.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

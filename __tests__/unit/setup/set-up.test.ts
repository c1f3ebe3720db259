import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

// The scripts work on the clone they lie in: here on one with nothing else in it.
let clone: string;

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'set-up-'));
  await cp(join(root, 'scripts/setup'), join(clone, 'scripts/setup'), { recursive: true });
  await cp(join(root, 'scripts/setup.mjs'), join(clone, 'scripts/setup.mjs'));
  await cp(join(root, 'third_party/libkrunfw.json'), join(clone, 'third_party/libkrunfw.json'));
  await writeFile(join(clone, 'input'), 'first');
});

afterEach(() => rm(clone, { recursive: true }));

function node(args: string[], env: NodeJS.ProcessEnv = process.env) {
  return spawnSync(process.execPath, args, { cwd: clone, env, encoding: 'utf8' });
}

/** Runs steps given as source text; `run` notes that a step ran. */
function runSteps(steps: string) {
  return node([
    '--input-type=module',
    '-e',
    `import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
     import { report } from './scripts/setup/failure.mjs';
     import { runSteps } from './scripts/setup/run-steps.mjs';
     const script = new URL('./scripts/setup.mjs', 'file://${clone}/').href;
     const note = (id) => appendFileSync('ran', id);
     try { await runSteps(${steps}); } catch (error) { console.error(report(error)); process.exit(1); }`,
  ]);
}

const copying = `[{
  id: 'a', title: 'Copying', script, inputs: ['input'], outputs: ['output'],
  async run() { note('a'); writeFileSync('output', ''); },
}]`;

describe('a step', () => {
  const ran = () => readFile(join(clone, 'ran'), 'utf8');

  it('runs once while nothing changes', async () => {
    runSteps(copying);
    runSteps(copying);
    expect(await ran()).toBe('a');
  });

  it('runs again when its input has changed', async () => {
    runSteps(copying);
    await writeFile(join(clone, 'input'), 'second');
    runSteps(copying);
    expect(await ran()).toBe('aa');
  });

  it('runs again when its output is gone', async () => {
    runSteps(copying);
    await rm(join(clone, 'output'));
    runSteps(copying);
    expect(await ran()).toBe('aa');
  });

  it('runs after those it needs, wherever it stands in the table', async () => {
    runSteps(`[
      { id: 'late', title: 'Late', needs: ['early'], script, async run() { note('late '); } },
      { id: 'early', title: 'Early', script, async run() { note('early '); } },
    ]`);
    expect(await ran()).toBe('early late ');
  });

  it('that makes nothing of what it promised is a failure', () => {
    const { status, stderr } = runSteps(`[
      { id: 'a', title: 'Copying', script, outputs: ['output'], async run() {}, repair: 'do copy' },
    ]`);
    expect(status).toBe(1);
    expect(stderr).toContain('Copying made no output');
  });
});

describe('a step that fails', () => {
  const failing = `[
    {
      id: 'bad', title: 'Breaking', script, repair: 'mend it',
      run: (context) => context.run('sh', ['-c', 'echo cause; until [ -e begun ]; do sleep 0.01; done; exit 3']),
    },
    { id: 'long', title: 'Long', script, run: (context) => context.run('sh', ['-c', '> begun; sleep 1000']) },
    { id: 'after', title: 'After', needs: ['bad'], script, async run() { note('after'); } },
  ]`;

  it('is told with the end of its log and its repair', () => {
    const { status, stderr } = runSteps(failing);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Breaking: sh ended with code 3\n.*\n {2}\| cause\n/);
    expect(stderr).toContain('What to do: mend it');
  });

  it('ends the other running steps and begins no more', () => {
    const { stderr } = runSteps(failing);
    expect(stderr).not.toContain('Long');
    expect(node(['-e', "require('fs').accessSync('ran')"]).status).toBe(1);
  });

  it('is run again the next time', () => {
    runSteps(failing);
    expect(runSteps(failing).stderr).toContain('Breaking');
  });
});

describe('the set-up', () => {
  it('names all the compilers that are missing at once', () => {
    const { status, stderr } = node(['scripts/setup.mjs'], { PATH: '/nowhere' });
    expect(status).toBe(1);
    for (const tool of ['cargo', 'go']) expect(stderr).toContain(`${tool} `);
    expect(stderr).toContain('What to do: install');
  });

  it('refuses a purpose it does not know', () => {
    expect(node(['scripts/setup.mjs', '--for', 'fun']).status).toBe(2);
  });
});

const { appendFileSync } = require('node:fs');
const { stripVTControlCharacters } = require('node:util');

const EXIT_MS = 15_000;

/**
 * Says what came of each test file as soon as it has ended, and writes each test's outcome to BOXLITE_TEST_RESULTS,
 * then the file's name: what is not named there has not been run.
 */
module.exports = class {
  /** Tests with boxes take long enough for a line each. */
  onTestCaseResult(_, { fullName, status, duration }) {
    if (process.env.BOXLITE_TEST_ENGINE) process.stdout.write(`  ${status}: ${fullName} (${duration ?? 0} ms)\n`);
  }

  onTestFileResult({ path, context }, result) {
    const file = path.slice(context.config.rootDir.length + 1);
    const outcomes = result.testResults.map((test) => outcome(file, test));
    if (result.testExecError) outcomes.push({ title: file, status: 'failed', message: plain(result.failureMessage) });
    write([...outcomes, { file }]);
    say(file, result, outcomes);
  }

  onRunComplete() {
    write([{ end: true }]);
    // Only what a test left open can keep jest alive until then.
    setTimeout(leftOpen, EXIT_MS).unref();
  }
};

function outcome(file, { fullName, status, failureMessages }) {
  const title = `${file}: ${fullName}`;
  if (status === 'passed') return { title, status };
  if (status === 'failed') return { title, status, message: plain(failureMessages.join('\n')) };
  return { title, status: 'skipped' };
}

function say(file, { perfStats, console: printed }, outcomes) {
  const failures = outcomes.filter(({ status }) => status === 'failed');
  const seconds = (perfStats.runtime / 1000).toFixed(1);
  const passed = outcomes.filter(({ status }) => status === 'passed').length;
  process.stdout.write(`${file}: ${passed} passed, ${failures.length} failed, ${seconds} s\n`);
  if (failures.length === 0) return;
  for (const { message, origin } of printed ?? []) process.stdout.write(`${message}\n${plain(origin)}\n`);
  for (const { title, message } of failures) process.stdout.write(`✗ ${title}\n${message}\n`);
}

function leftOpen() {
  const open = process.getActiveResourcesInfo().join(', ');
  write([
    { title: 'jest exits', status: 'failed', message: `Still open ${EXIT_MS / 1000} s after the last test: ${open}` },
  ]);
  process.exit(1);
}

function write(lines) {
  appendFileSync(process.env.BOXLITE_TEST_RESULTS, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Without colours, and without the lines of a stack that are not of this project. */
function plain(text = '') {
  return stripVTControlCharacters(text).replace(/\n +at .*(node_modules|node:internal).*/g, '');
}

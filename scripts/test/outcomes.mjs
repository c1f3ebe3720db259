const OUTPUT_LINES = 60;

/**
 * What came of one test: title, status ('passed', 'failed' or 'skipped') and, for a failed one, message.
 * Whatever else went wrong in a suite is one failed outcome more.
 */
export function passed(title) {
  return { title, status: 'passed' };
}

export function failed(title, message = '') {
  return { title, status: 'failed', message };
}

export function skipped(title) {
  return { title, status: 'skipped' };
}

export function count(outcomes, status) {
  return outcomes.filter((outcome) => outcome.status === status).length;
}

/** The outcomes of a GoogleTest program from its --gtest_output=json. */
export function fromGoogleTest({ testsuites }) {
  return testsuites
    .flatMap(({ testsuite }) => testsuite)
    .map((test) => {
      const title = `${test.classname}.${test.name}`;
      if (test.failures) return failed(title, test.failures.map(({ failure }) => failure).join('\n'));
      return test.result === 'COMPLETED' ? passed(title) : skipped(title);
    });
}

/** The outcomes of `go test -json`; a test with tests in it does not count, but for when it alone fails. */
export function fromGoTest(lines) {
  const outputs = new Map();
  const ends = new Map();
  for (const { Action, Package, ImportPath, Test, Output } of lines) {
    const title = [Package ?? ImportPath, Test].filter(Boolean).join(' ');
    if (Output !== undefined) outputs.set(title, (outputs.get(title) ?? '') + Output);
    if (['pass', 'fail', 'skip'].includes(Action)) ends.set(title, { status: Action, isTest: Test !== undefined });
  }
  const within = (title) =>
    [...ends].filter(([other]) => other.startsWith(`${title}/`) || other.startsWith(`${title} `));
  return [...ends].flatMap(([title, { status, isTest }]) => {
    const inner = within(title);
    if (status === 'fail')
      return inner.some(([, end]) => end.status === 'fail') ? [] : [failed(title, outputs.get(title))];
    if (!isTest || inner.length > 0) return [];
    return [status === 'pass' ? passed(title) : skipped(title)];
  });
}

/** The outcomes that a reporter wrote, one a line; others name the files that were run, and one says that all were. */
export function fromReporter(text) {
  const lines = text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  return {
    outcomes: lines.filter(({ status }) => status !== undefined),
    files: lines.flatMap(({ file }) => file ?? []),
    isWhole: lines.some(({ end }) => end),
  };
}

/** With a failure more, when the program that ran the tests says that there is one and the outcomes do not. */
export function withEnd(outcomes, { code, how, output }, isWhole = true) {
  if (isWhole && (code === 0 || count(outcomes, 'failed') > 0)) return outcomes;
  const end = output.split('\n').slice(-OUTPUT_LINES).join('\n');
  return [...outcomes, failed('all tests are run', `The program that runs them ${how}.\n${end}`)];
}

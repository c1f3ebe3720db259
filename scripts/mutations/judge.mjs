const mostWords = 160;
const isDifference = /^(Expected|Received|Resolved)\b|^[-+] /;
const isLegend = /^[-+] (Expected|Received) +[-+] +\d/;
const isCommand = /^Error: Command failed/;
const isError = /^\w*Error\b/;

/** The tests of a jest run with their status and what they printed, and what went wrong besides. */
export function outcomesOf({ testResults }) {
  const tests = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, status, failureMessages }) => ({
      title: fullName,
      status,
      message: failureMessages.join('\n'),
    })),
  );
  const trouble = testResults.filter(({ assertionResults }) => assertionResults.length === 0);
  return { tests, trouble: trouble.map(({ message }) => message).join('\n') };
}

export function passedTitles({ tests }) {
  return tests.filter(({ status }) => status === 'passed').map(({ title }) => title);
}

/** All that failed in a run, as it was printed. */
export function troubleOf({ tests, trouble }) {
  const failed = tests.filter(({ status }) => status === 'failed');
  return [trouble, ...failed.map(({ title, message }) => `${title}\n${message}`)].filter(Boolean).join('\n');
}

/**
 * 'caught' when a test of that title failed, with its words; 'missed' when they passed. A run in which none was reached
 * proves nothing, since a rule may be taken out in a way that does not even compile: 'broken'.
 */
export function judge(outcomes, title) {
  const { trouble } = outcomes;
  const tests = outcomes.tests.filter((test) => test.title.includes(title));
  const failed = tests.find(({ status }) => status === 'failed');
  if (failed) return { verdict: 'caught', words: wordsOf(failed.message) };
  if (tests.some(({ status }) => status === 'passed')) return { verdict: 'missed', words: '' };
  return { verdict: 'broken', words: wordsOf(trouble || 'no test has that title') };
}

/** What a failed test said, in one short line: what it expected and received where it says so, else its first line. */
export function wordsOf(message) {
  const lines = stripped(message)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '));
  const difference = lines.filter((line) => isDifference.test(line) && !isLegend.test(line));
  // Of a program that failed, what it printed says more than how it was called.
  const head =
    lines.find((line, index) => index > 0 && isError.test(line) && isCommand.test(lines[0])) ?? lines[0] ?? '';
  const words = (difference.length > 0 ? difference : [head.replace(/^Error: /, '')]).join(' ').replaceAll(/\s+/g, ' ');
  return words.length > mostWords ? `${words.slice(0, mostWords - 1)}…` : words;
}

function stripped(text) {
  // The escape sequences of colours.
  return text.replaceAll(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');
}

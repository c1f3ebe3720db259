const COLUMNS = [
  { title: 'suite', of: ({ id }) => id },
  { title: 'where', of: ({ where }) => where },
  { title: 'engine', of: ({ engine }) => engine },
  { title: 'user', of: ({ user }) => user },
  { title: 'passed', of: ({ passed }) => passed, isNumber: true },
  { title: 'failed', of: ({ failed }) => failed, isNumber: true },
  { title: 'skipped', of: ({ skipped }) => skipped, isNumber: true },
  { title: 'seconds', of: ({ seconds }) => seconds.toFixed(1), isNumber: true },
];

/** Everything that did not pass, then what ran where, then the sum as the last line. */
export function report(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return [
    ...list('Skipped', results, 'skipped', ({ title }) => title),
    ...list('Failed', results, 'failed', ({ title, message }) => `${title}\n${indented(message)}`),
    '',
    ...table(results),
    '',
    `${sum('passed')} passed, ${sum('failed')} failed`,
  ].join('\n');
}

function list(heading, results, status, describe) {
  const lines = results.flatMap(({ id, outcomes }) =>
    outcomes.filter((outcome) => outcome.status === status).map((outcome) => `  ${id}: ${describe(outcome).trimEnd()}`),
  );
  return lines.length === 0 ? [] : ['', `${heading}:`, ...lines];
}

function indented(text) {
  return text.replace(/^/gm, '      ');
}

function table(results) {
  const rows = [
    COLUMNS.map(({ title }) => title),
    ...results.map((result) => COLUMNS.map(({ of }) => String(of(result)))),
  ];
  const widths = COLUMNS.map((_, index) => Math.max(...rows.map((row) => row[index].length)));
  const cell = (text, index) => (COLUMNS[index].isNumber ? text.padStart(widths[index]) : text.padEnd(widths[index]));
  return rows.map((row) => row.map(cell).join('  ').trimEnd());
}

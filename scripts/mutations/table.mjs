export const heading = '## What each test was seen to catch';

/** The page with its table made anew of what was seen; the lines of mutations that were not tried stay. */
export function withTable(page, mutations, seen) {
  const before = linesOf(page);
  const now = linesOf(seen.map(line).join('\n'));
  const lines = mutations.map((mutation) => now.get(keyOf(mutation)) ?? before.get(keyOf(mutation))).filter(Boolean);
  return withSection(page, section(lines));
}

function section(lines) {
  return [
    heading,
    '',
    'Each rule was taken out of a copy of the sources, one at a time, and the test that stands for it was run. `npm run mutations',
    '-- --write` does this again and writes this table.',
    '',
    '| row | rule | taken out | test | it then printed |',
    '| --- | ---- | --------- | ---- | --------------- |',
    ...lines,
    '',
  ].join('\n');
}

function line({ row, rule, without, title, verdict, words }) {
  return `| ${[row, rule, without, title, verdict === 'caught' ? code(words) : `**${verdict}**`].map(cell).join(' | ')} |`;
}

/** The lines of the table, by row and rule. */
function linesOf(text) {
  // Without the spaces that the formatter puts in to align the columns.
  const lines = text.split('\n').map((each) => each.replaceAll(/ {2,}\|/g, ' |'));
  const cells = lines.filter((each) => each.startsWith('| ')).map((each) => [each.split(' | '), each]);
  return new Map(cells.map(([parts, each]) => [parts.slice(0, 3).join(' | '), each]));
}

function keyOf({ row, rule, without }) {
  return `| ${[row, rule, without].map(cell).join(' | ')}`;
}

/** In the place of the section that the page had, or at its end. */
function withSection(page, text) {
  const start = page.indexOf(`${heading}\n`);
  if (start === -1) return `${page.trimEnd()}\n\n${text}`;
  const next = page.indexOf('\n## ', start + heading.length);
  return page.slice(0, start) + text + (next === -1 ? '' : page.slice(next));
}

function code(words) {
  // A span that may itself hold backticks.
  return words === '' ? '' : `\`\` ${words} \`\``;
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

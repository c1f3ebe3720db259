/**
 * Runs the suites in two lanes, one after the other in each: one takes first what runs here, and then what is left for
 * the lab; the other takes what runs in the lab alone, since two suites here would disturb each other. Resolves with the
 * results in the order of the suites.
 */
export async function runInLanes(suites, { run, isOver = () => false }) {
  const left = [...suites];
  const results = new Map();
  const take = (isWanted) => {
    const suite = left.find(isWanted);
    if (suite) left.splice(left.indexOf(suite), 1);
    return suite;
  };
  const lane = async (next) => {
    for (let suite = next(); suite && !isOver(); suite = next()) results.set(suite, await run(suite));
  };
  const here = () => take(({ isLab }) => !isLab) ?? take(() => true);
  const lab = () => take(({ isLab }) => isLab);
  await Promise.all([lane(here), lane(lab)]);
  return suites.filter((suite) => results.has(suite)).map((suite) => results.get(suite));
}

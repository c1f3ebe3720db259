// Software emulation of a machine with several processors can lose an interrupt between them; its kernel then waits for ever.
const HOPELESS_S = 60;

/** The line of a lab host's console that says its kernel stands still and will not go on, or undefined. */
export function findStall(console) {
  return console
    .split('\n')
    .map((line) => line.trim())
    .find((line) => Number(line.match(/soft lockup - CPU#\d+ stuck for (\d+)s/)?.[1]) >= HOPELESS_S);
}

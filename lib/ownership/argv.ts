import { BoxliteError } from '../errors';

/**
 * What a shim's command line is: exactly [path to boxlite-shim, box id].
 *
 * The other half of this contract is {@link argvNamesBox}: a box's processes are found by that second element, so it is
 * the whole id and nothing but the id. Settings and secrets never appear here, since every user of the host can read a
 * command line; they go to the shim's stdin. Throws 'invalid-argument' for an id that could not be found again: the
 * empty one, and any with a character outside [A-Za-z0-9_.-].
 */
export function shimArgv(shimPath: string, boxId: string): [string, string] {
  if (isBoxId(boxId)) return [shimPath, boxId];
  throw new BoxliteError(
    'invalid-argument',
    `Expected a box id of [A-Za-z0-9_.-] but received ${JSON.stringify(boxId)}`,
  );
}

/**
 * True when one whole element after the first equals the id: 'box-1' does not match 'box-10', 'xbox-1' or '--id=box-1'.
 *
 * The counterpart of {@link shimArgv}, which puts the id there. It reads nothing but its arguments. The first element,
 * the program's own name, never counts; an empty id matches nothing.
 */
export function argvNamesBox(argv: readonly string[], boxId: string): boolean {
  return boxId !== '' && argv.indexOf(boxId, 1) !== -1;
}

/** An id that is one safe path segment: no slash, no leading dot, not empty. */
export function isBoxId(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(text);
}

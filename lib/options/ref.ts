import { expected } from './failure';

/** A handle or a row addresses its id and nothing else; a text is an id or a name. */
export type CheckedRef = { kind: 'handle'; id: string; name?: string } | { kind: 'text'; text: string };

const what = 'a box, a row of listBoxes, an id or a name';

export function checkRef(ref: unknown, path = 'box'): CheckedRef {
  if (typeof ref === 'string' && ref !== '') return { kind: 'text', text: ref };
  if (typeof ref !== 'object' || ref === null) throw expected(what, path, ref);
  const { id, name } = ref as { id?: unknown; name?: unknown };
  if (typeof id !== 'string' || id === '') throw expected(what, path, ref, 'Pass an object whose id is a string.');
  return typeof name === 'string' ? { kind: 'handle', id, name } : { kind: 'handle', id };
}

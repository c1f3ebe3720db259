import { expected, invalid } from './failure';
import { passable } from './values';

// The kernel's uid_t without -1, which means 'unchanged' in setresuid(2).
const largestId = 2 ** 32 - 2;
const what = "a user: a name or a uid, either with ':group' or ':gid'";

/** name, uid, or either with :group or :gid; who that is, the box knows. */
export function user(value: unknown, path: string): string {
  if (typeof value !== 'string') throw expected(what, path, value);
  const parts = passable(value, path).split(':');
  if (parts.length > 2 || parts.includes('') || /[\n/]/.test(value)) throw expected(what, path, value);
  const tooLarge = parts.find((part) => /^\d+$/.test(part) && Number(part) > largestId);
  if (tooLarge !== undefined) {
    throw invalid(
      `Expected an id from 0 to ${largestId} for ${path} but received '${tooLarge.slice(0, 40)}' (string)`,
      'Pass a smaller id.',
    );
  }
  return value;
}

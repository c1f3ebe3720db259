import { posix } from 'node:path';
import { checkFields, optional, withDefault } from './fields';
import { user } from './user';
import { boolean, choice, guestPath } from './values';

export interface CheckedRestriction {
  exec: boolean;
  fs: 'none' | 'read' | 'write';
  /** Without '.', '..' and doubled slashes. */
  root?: string;
  user?: string;
}

const checks = {
  exec: withDefault(boolean, false),
  fs: withDefault(choice('none', 'read', 'write'), 'none'),
  root: optional((value, path) => posix.normalize(guestPath(value, path))),
  user: optional(user),
};

/** What a restricted handle may do: nothing that is not named. */
export function checkRestriction(options: unknown): CheckedRestriction {
  return checkFields(options, 'restricted', checks);
}

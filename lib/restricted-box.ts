import type { Box, RestrictedBox } from './box';
import { BoxFiles } from './files/box-files';
import type { Connect } from './files/request';
import { fileGuard, forbidden } from './files/restrict';
import { type CheckedRestriction, checkExec } from './options';

/** A handle that can do what the restriction names, and nothing else; the box itself cannot be got from it. */
export function restrictedBox(box: Box, connect: Connect, restriction: CheckedRestriction): RestrictedBox {
  const { exec, root, user } = restriction;
  return Object.freeze({
    id: box.id,
    fs: Object.freeze(new BoxFiles(connect, fileGuard(restriction))),
    exec: async (command, options = {}) => {
      const checked = checkExec(command, options);
      if (!exec) throw forbidden('run commands');
      if (user !== undefined && checked.user !== undefined) throw forbidden('name another user');
      const cwd = options.cwd ?? root;
      return box.exec(command, { ...options, ...(cwd !== undefined && { cwd }), ...(user !== undefined && { user }) });
    },
  } satisfies RestrictedBox);
}

import { BoxliteError } from '../errors';
import type { CheckedRestriction } from '../options';
import { tidyWirePath, wireBytes, wirePath } from './path';

/** What every request about files passes before it goes out. */
export interface FileGuard {
  /** Where relative paths begin. */
  cwd?: string | undefined;
  pass<R extends GuardedRequest>(request: R): R;
}

interface GuardedRequest {
  op: string;
  path: string;
  to?: string;
  user?: string | undefined;
  [option: string]: unknown;
}

const reading = new Set(['fs.read', 'fs.list', 'fs.stat', 'fs.watch', 'fs.export']);

/** Lets through what a restricted handle may do; the agent itself keeps what is below a root from leading out of it. */
export function fileGuard({ fs, root, user }: CheckedRestriction): FileGuard {
  return {
    cwd: root,
    pass(request) {
      if (fs === 'none') throw forbidden('touch files');
      if (fs === 'read' && !reading.has(request.op)) throw forbidden('change files');
      if (user !== undefined && request.namesUser === true) throw forbidden('name another user');
      const guarded = { ...request, user: user ?? request.user };
      if (root === undefined || root === '/') return guarded;
      const below = (path: string) => pathBelow(root, path);
      const to = request.to === undefined ? {} : { to: below(request.to) };
      return { ...guarded, root: wirePath(root, '/'), path: below(request.path), ...to };
    },
  };
}

function pathBelow(root: string, path: string): string {
  const whole = tidyWirePath(path);
  const top = tidyWirePath(wirePath(root, '/'));
  const isBelow = whole === top || whole.startsWith(`${top}/`);
  if (!isBelow || whole.split('/').includes('..'))
    throw forbidden(`reach ${JSON.stringify(wireBytes(path).toString())}, which is not below ${root}`);
  // A slash at the end has a meaning of its own.
  return `${whole.slice(top.length) || '/'}${path.endsWith('/') && whole !== top ? '/' : ''}`;
}

export function forbidden(what: string): BoxliteError {
  return new BoxliteError('permission', `This restricted handle may not ${what}`, {
    hint: 'Ask whoever made it with box.restricted() for more.',
  });
}

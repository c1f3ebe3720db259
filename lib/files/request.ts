import type { BoxLink } from '../exec/command';
import type { CommandDefaults } from '../exec/request';
import type { Deadline } from '../util/deadline';
import { wirePath } from './path';
import type { FileGuard } from './restrict';

/** How a box's files are reached: the connection, and the directory and user that its options name. */
export type Connect = (deadline: Deadline) => Promise<{ link: BoxLink; defaults: CommandDefaults }>;

/** A request of docs/protocol.md, with paths as the caller wrote them. */
export interface FileWish {
  op: string;
  path: string;
  to?: string;
  user?: string | undefined;
  [option: string]: unknown;
}

export interface Prepared {
  link: BoxLink;
  request: FileWish;
  /** The path as the box has it, whatever a guard made of it. */
  whole: string;
}

/** The connection, and the request with its paths made absolute, for the box's user where it names none, past the guard. */
export async function prepare(
  connect: Connect,
  wish: FileWish,
  deadline: Deadline,
  guard?: FileGuard,
): Promise<Prepared> {
  deadline.throwIfOver();
  const { link, defaults } = await connect(deadline);
  const absolute = (path: string) => wirePath(path, guard?.cwd ?? defaults.cwd ?? '/');
  const request: FileWish = { ...wish, path: absolute(wish.path), user: wish.user ?? defaults.user };
  if (wish.to !== undefined) request.to = absolute(wish.to);
  return { link, request: guard?.pass(request) ?? request, whole: request.path };
}

import { BoxliteError } from '../errors';
import { BoxSockets } from '../ownership/sockets';
import { ShimConnection } from '../shim/connection';
import type { Deadline } from '../util/deadline';
import type { Home } from './home';

/**
 * Connects to the shim of one run of a box, through its link, which is made anew where a cleaner of /tmp took it. Rejects
 * with 'box-died' when nobody answers, or the box was removed: then nothing of it is made.
 */
export async function dial(home: Home, id: string, nonce: string, deadline: Deadline): Promise<ShimConnection> {
  const sockets = new BoxSockets(home.path, id);
  if (await sockets.heal()) return ShimConnection.open(sockets.path('box.sock'), nonce, deadline);
  throw new BoxliteError('box-died', 'The box was removed', { box: id });
}

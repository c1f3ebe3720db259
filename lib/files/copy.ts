import { checkCopy } from '../options/files';
import type { Call } from '../types';
import { Deadline } from '../util/deadline';
import { FileCall } from './call';
import { receiveTree } from './download';
import { type Connect, prepare } from './request';
import { sendTree } from './upload';

/** Copies a file or a tree of this host into the box, as its user. */
export async function upload(connect: Connect, host: string, guest: string, o: Call = {}): Promise<void> {
  const checked = checkCopy(host, guest, o, 'upload');
  using deadline = Deadline.of(checked, 'upload');
  const wish = { op: 'fs.unpack', path: checked.guest, into: checked.guest.endsWith('/') };
  const { link, request } = await prepare(connect, wish, deadline);
  await using call = new FileCall(link, request, deadline);
  await sendTree(checked.host, call);
}

/** Copies a file or a tree of the box to this host, as the caller. */
export async function download(connect: Connect, guest: string, host: string, o: Call = {}): Promise<void> {
  const checked = checkCopy(host, guest, o, 'download');
  using deadline = Deadline.of(checked, 'download');
  const { link, request } = await prepare(connect, { op: 'fs.pack', path: checked.guest }, deadline);
  await using call = new FileCall(link, request, deadline);
  await receiveTree(checked.host, call);
}

import { BoxliteError } from '../errors';
import type { CheckedRef } from '../options';
import type { BoxRow } from '../store/schema';
import type { Home } from './home';

/** The row that a reference addresses, or null. A handle addresses its id, a text an id or a name. */
export async function findRow(home: Home, ref: CheckedRef): Promise<BoxRow | null> {
  return ref.kind === 'handle' ? home.store.boxes.get(ref.id) : home.store.boxes.find(ref.text);
}

/** The row, or 'box-not-found'; 'box-replaced' for a handle whose box is gone and whose name is another's now. */
export async function requireRow(home: Home, ref: CheckedRef): Promise<BoxRow> {
  const row = await findRow(home, ref);
  if (row) return row;
  if (ref.kind === 'text') {
    throw new BoxliteError('box-not-found', `No box '${ref.text}' in this home`, {
      hint: 'listBoxes() shows what there is.',
    });
  }
  const successor = ref.name === undefined ? null : await home.store.boxes.find(ref.name);
  if (successor) {
    throw new BoxliteError('box-replaced', `The box ${ref.id} is gone, and '${ref.name}' is another box now`, {
      box: ref.id,
      hint: `Get the new one with getBox('${ref.name}').`,
    });
  }
  throw new BoxliteError('box-not-found', `The box ${ref.id} is gone`, { box: ref.id });
}

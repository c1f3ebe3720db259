import { expected, invalid } from './failure';
import { isRecord, readFields } from './fields';
import { type ImageReference, reference } from './reference';
import { hostPath, text } from './values';

/** Where an image comes from; paths are absolute. A digest names one that is in the home already. */
export type ImageSource =
  | { reference: ImageReference }
  | { digest: string }
  | { layout: string; ref?: string }
  | { archive: string }
  | { rootfs: string };

const what = 'a reference, { layout }, { archive } or { rootfs }';

export function imageSource(value: unknown, path: string): ImageSource {
  if (typeof value === 'string' && /^sha256:[a-f0-9]{64}$/.test(value)) return { digest: value };
  if (typeof value === 'string' && value !== '') return { reference: reference(value, path) };
  if (!isRecord(value)) throw expected(what, path, value);
  const fields = readFields(value, path, ['layout', 'archive', 'rootfs', 'ref']);
  const kinds = ['layout', 'archive', 'rootfs'].filter((kind) => fields.get(kind) !== undefined);
  const ref = fields.get('ref');
  if (kinds.length !== 1) {
    const received = kinds.length === 0 ? 'none of them' : kinds.join(' and ');
    throw invalid(
      `Expected exactly one of layout, archive and rootfs for ${path} but received ${received}`,
      `Pass ${what}.`,
    );
  }
  if (ref !== undefined && kinds[0] !== 'layout') {
    throw invalid(`Expected ${path}.ref beside layout only but received it beside ${kinds[0]}`, 'Leave ref out.');
  }
  const location = hostPath(fields.get(kinds[0] as string), `${path}.${kinds[0]}`);
  if (kinds[0] === 'archive') return { archive: location };
  if (kinds[0] === 'rootfs') return { rootfs: location };
  return ref === undefined ? { layout: location } : { layout: location, ref: text('a reference')(ref, `${path}.ref`) };
}

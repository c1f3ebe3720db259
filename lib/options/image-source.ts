import { BoxliteError } from '../errors';
import { expected, invalid } from './failure';
import { isRecord, readFields } from './fields';
import { quoted } from './literal';
import { hostPath, text } from './values';

/** Where an image comes from; paths are absolute. */
export type ImageSource = { layout: string; ref?: string } | { archive: string } | { rootfs: string };

const what = '{ layout }, { archive } or { rootfs }';

export function imageSource(value: unknown, path: string): ImageSource {
  if (typeof value === 'string' && value !== '') throw noRegistry(value);
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

function noRegistry(reference: string): BoxliteError {
  return new BoxliteError(
    'unsupported',
    `The image ${quoted(reference)} is a registry reference, which is not supported by this version of @boxlite/sdk`,
    { hint: 'Pass something local: { layout: directory }, { archive: file } or { rootfs: directory }.' },
  );
}

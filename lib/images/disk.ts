import { join } from 'node:path';

/** The image disk of a manifest digest ("sha256:…"); its config lies beside it as .json. */
export function diskPath(home: string, digest: string): string {
  return join(home, 'images', 'disks', `${digest.replace(/^sha256:/, '')}.ext4`);
}

export function diskRecordPath(home: string, digest: string): string {
  return diskPath(home, digest).replace(/\.ext4$/, '.json');
}

import { join } from 'node:path';
import { out, root } from '../paths.mjs';

export default {
  id: 'guest-frames',
  title: "the tests' program for raw frames of a guest",
  script: import.meta.url,
  inputs: ['go/internal/nettest/guestframes', 'go/go.mod', 'go/go.sum'],
  outputs: ['out/tests/guestframes'],
  run(context) {
    const target = join(out, 'tests', 'guestframes');
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', target, './internal/nettest/guestframes'];
    return context.run('go', args, { cwd: join(root, 'go'), env: { CGO_ENABLED: '0' } });
  },
  repair: 'go must reach its module proxy, or have the modules of go/go.sum in its cache.',
};

import { join } from 'node:path';
import { native, root } from '../paths.mjs';

export default {
  id: 'netd',
  title: 'boxlite-netd',
  script: import.meta.url,
  inputs: ['go'],
  outputs: ['out/native/boxlite-netd'],
  run(context) {
    const target = join(native, 'boxlite-netd');
    const args = ['build', '-trimpath', '-ldflags', '-s -w', '-o', target, './cmd/boxlite-netd'];
    return context.run('go', args, { cwd: join(root, 'go'), env: { CGO_ENABLED: '0' } });
  },
  repair: 'go must reach its module proxy, or have the modules of go/go.sum in its cache.',
};

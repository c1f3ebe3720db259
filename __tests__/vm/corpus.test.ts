import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { choose, newSeed, setting } from '../crash/support/choose';
import { type GoodCase, goodCases } from '../helpers/corpus-good';
import { corpusImage, directoryOf, isRoot, type Trees, treesByUmoci, treesInBox } from '../helpers/corpus-trees';
import { writeLayout } from '../helpers/oci';
import { createdBox, engine, tempRuntime } from '../helpers/runtimes';

const runtime = tempRuntime();
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'boxlite-corpus-'));
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** One image with those cases, as it looks in a box of it and as umoci unpacks it. */
async function looks(cases: readonly GoodCase[]): Promise<{ inBox: Trees; unpacked: Trees; bootMs: number }> {
  const work = mkdtempSync(join(directory, 'image-'));
  const layout = writeLayout(join(work, 'layout'), { x: corpusImage(cases) });
  const unpacked = treesByUmoci(`${layout}:x`, join(work, 'bundle'));
  const box = await createdBox(runtime, { image: { layout } });
  try {
    return { inBox: await treesInBox(box), unpacked, bootMs: box.boot.totalMs };
  } finally {
    await box.remove({ force: true });
    rmSync(work, { recursive: true });
  }
}

describe('an image of all good cases', () => {
  let all: { inBox: Trees; unpacked: Trees };

  beforeAll(async () => {
    all = await looks(goodCases);
  });

  // An ordinary user's umoci cannot set all of them.
  (isRoot ? test : test.skip)('shows its attributes too (needs root to set them on the host)', () => {
    const lines = Object.values(all.inBox).flat().join('\n');
    for (const name of ['security.capability', 'user.long', 'trusted.of']) expect(lines).toContain(`|${name}=`);
  });

  test.each(goodCases.map((one) => [one[0], directoryOf(one)]))(
    'with %s looks in a box as umoci unpacks it',
    (_, name) => {
      expect(all.unpacked[name]?.length).toBeGreaterThan(0);
      expect(all.inBox[name]).toEqual(all.unpacked[name]);
    },
  );
});

// A boot takes long in a lab host: there a few suffice, others each time; npm run corpus boots them all.
const count = setting('BOXLITE_CORPUS_IMAGES', engine === 'krun' ? 2 : goodCases.length);
const { chosen, seed } = choose(goodCases, count, setting('BOXLITE_CORPUS_SEED', newSeed()));

describe(`each of ${chosen.length} of ${goodCases.length} good images (seed ${seed}), alone, boots on ${engine}`, () => {
  const bootsMs: number[] = [];

  test.each(chosen.map((one): [string, GoodCase] => [one[0], one]))('with %s', async (_, one) => {
    const { inBox, unpacked, bootMs } = await looks([one]);
    bootsMs.push(bootMs);
    expect(Object.keys(unpacked)).toEqual([directoryOf(one)]);
    expect(inBox).toEqual(unpacked);
  });

  afterAll(() => {
    const [fastest, slowest] = [Math.min(...bootsMs), Math.max(...bootsMs)].map(Math.round);
    process.stdout.write(
      `corpus on ${engine}: ${bootsMs.length} of ${goodCases.length} images booted, seed ${seed}, ${fastest} to ${slowest} ms each\n`,
    );
  });
});

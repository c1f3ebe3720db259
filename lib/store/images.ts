import type { Kysely } from 'kysely';
import type { ImageConfig, Tables } from './schema';

/** An image of the home, named or not. Times are milliseconds since the epoch. */
export interface ImageRow {
  digest: string;
  platform: string;
  sizeBytes: number;
  diskBytes: number;
  config: ImageConfig;
}

/** A name of an image. */
export interface ImageRef {
  ref: string;
  /** What the registry has under that name: the digest of an index, or of the manifest itself. */
  target: string;
  pulledAt: number;
}

export type NamedImage = ImageRow & ImageRef;

/** What prune needs to know of an image. */
export interface ImageUse {
  digest: string;
  refs: string[];
  targets: string[];
  usedAt: number;
  /** Ids of the boxes that were made of it. */
  boxes: string[];
}

// Uses that are closer together than this count as one.
const touchedMs = 10_000;

/** The images of a home and their names. */
export class ImageTable {
  readonly #queries: Kysely<Tables>;

  constructor(queries: Kysely<Tables>) {
    this.#queries = queries;
  }

  /** Writes down an image, and the name that it now has. */
  async put(row: ImageRow, ref?: ImageRef): Promise<void> {
    const { digest, platform } = row;
    const known = {
      platform,
      size_bytes: row.sizeBytes,
      disk_bytes: row.diskBytes,
      config: JSON.stringify(row.config),
    };
    const columns = { ...known, used_at: Date.now() };
    await this.#queries.transaction().execute(async (within) => {
      const image = within.insertInto('images').values({ digest, ...columns });
      await image.onConflict((conflict) => conflict.column('digest').doUpdateSet(columns)).execute();
      if (!ref) return;
      const named = { digest, target: ref.target, pulled_at: ref.pulledAt };
      const name = within.insertInto('image_refs').values({ ref: ref.ref, ...named });
      await name.onConflict((conflict) => conflict.column('ref').doUpdateSet(named)).execute();
    });
  }

  async find(ref: string): Promise<NamedImage | null> {
    const found = await this.#named().where('image_refs.ref', '=', ref).executeTakeFirst();
    return found === undefined ? null : fromColumns(found);
  }

  /** By its digest, or that of the index it came from; under the name it got last, else under its digest. */
  async findDigest(digest: string): Promise<NamedImage | null> {
    const named = await this.#named()
      .where((is) => is.or([is('images.digest', '=', digest), is('image_refs.target', '=', digest)]))
      .orderBy('image_refs.pulled_at', 'desc')
      .executeTakeFirst();
    if (named) return fromColumns(named);
    const bare = await this.#queries.selectFrom('images').selectAll().where('digest', '=', digest).executeTakeFirst();
    return bare === undefined ? null : fromColumns({ ...bare, ref: digest, target: digest, pulled_at: bare.used_at });
  }

  /** Named ones, by name. */
  async list(): Promise<NamedImage[]> {
    return (await this.#named().orderBy('image_refs.ref').execute()).map(fromColumns);
  }

  /** Remembers that an image was used now, to within some seconds: a box that follows another waits for no disk. */
  async touch(digest: string): Promise<void> {
    const now = Date.now();
    const update = this.#queries.updateTable('images').set({ used_at: now }).where('digest', '=', digest);
    await update.where('used_at', '<', now - touchedMs).execute();
  }

  async removeRef(ref: string): Promise<boolean> {
    const { numDeletedRows } = await this.#queries.deleteFrom('image_refs').where('ref', '=', ref).executeTakeFirst();
    return numDeletedRows === 1n;
  }

  /** With all its names. */
  async remove(digest: string): Promise<void> {
    await this.#queries.deleteFrom('images').where('digest', '=', digest).execute();
  }

  /** Every box and the digest of its image. */
  async ofBoxes(): Promise<{ id: string; digest: string }[]> {
    const rows = await this.#queries.selectFrom('boxes').select(['id', 'image_digest as digest']).execute();
    return rows.filter(({ digest }) => digest !== '');
  }

  /** Every image with its names and its boxes, the one that was used longest ago first. */
  async uses(): Promise<ImageUse[]> {
    return this.#queries.transaction().execute(async (within) => {
      const images = await within.selectFrom('images').select(['digest', 'used_at']).orderBy('used_at').execute();
      const refs = await within.selectFrom('image_refs').select(['ref', 'digest', 'target']).execute();
      const boxes = await within.selectFrom('boxes').select(['id', 'image_digest']).execute();
      return images.map(({ digest, used_at }) => {
        const named = refs.filter((ref) => ref.digest === digest);
        return {
          digest,
          refs: named.map(({ ref }) => ref),
          targets: named.map(({ target }) => target),
          usedAt: used_at,
          boxes: boxes.filter(({ image_digest }) => image_digest === digest).map(({ id }) => id),
        };
      });
    });
  }

  #named() {
    return this.#queries
      .selectFrom('image_refs')
      .innerJoin('images', 'images.digest', 'image_refs.digest')
      .selectAll('images')
      .select(['image_refs.ref', 'image_refs.target', 'image_refs.pulled_at']);
  }
}

interface NamedColumns {
  digest: string;
  platform: string;
  size_bytes: number;
  disk_bytes: number;
  config: string;
  ref: string;
  target: string;
  pulled_at: number;
}

function fromColumns(columns: NamedColumns): NamedImage {
  const { digest, platform, size_bytes, disk_bytes, config, ref, target, pulled_at } = columns;
  const parsed = JSON.parse(config) as ImageConfig;
  return {
    digest,
    platform,
    sizeBytes: size_bytes,
    diskBytes: disk_bytes,
    config: parsed,
    ref,
    target,
    pulledAt: pulled_at,
  };
}

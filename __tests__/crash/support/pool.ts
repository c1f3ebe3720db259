/** Works on the items of a list that are asked for, in their order, and on as many behind each as make it `size` at once. */
export class Pool<T, R> {
  readonly #items: readonly T[];
  readonly #size: number;
  readonly #work: (item: T) => Promise<R>;
  readonly #results = new Map<T, Promise<R>>();

  constructor(items: readonly T[], size: number, work: (item: T) => Promise<R>) {
    this.#items = items;
    this.#size = size;
    this.#work = work;
  }

  result(item: T): Promise<R> {
    const at = this.#items.indexOf(item);
    for (const one of this.#items.slice(at, at + this.#size)) {
      if (!this.#results.has(one)) this.#results.set(one, this.#work(one));
    }
    return this.#results.get(item) ?? Promise.reject(new Error('It is not in the list'));
  }

  /** Nothing is under way any more, also of what nobody asked for. */
  async drain(): Promise<void> {
    await Promise.allSettled(this.#results.values());
  }
}

const PLAIN_EVERY_MS = 12_000;
const TERMINAL_EVERY_MS = 500;

/** Says what is running: in place on a terminal, a line now and then elsewhere. */
export class Progress {
  #running = new Map();
  #terminal = process.stdout.isTTY === true;
  #timer;

  start(step, context) {
    this.#running.set(step, { context, startedAt: Date.now() });
    if (!this.#terminal) console.log(`set-up: ${step.title} …`);
    this.#timer ??= setInterval(() => this.#tick(), this.#terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS);
  }

  done(step) {
    const seconds = this.#seconds(step);
    this.#running.delete(step);
    this.#say(`set-up: ${step.title}: done in ${seconds} s`);
    if (this.#running.size === 0) this.stop();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#terminal) process.stdout.write('\r\x1b[K');
  }

  #tick() {
    if (this.#terminal) {
      const all = [...this.#running.keys()].map((step) => `${step.title} ${this.#seconds(step)} s`).join(' · ');
      process.stdout.write(`\r\x1b[K${`set-up: ${all}`.slice(0, (process.stdout.columns ?? 80) - 1)}`);
      return;
    }
    for (const [step, { context }] of this.#running) {
      console.log(`set-up: ${step.title}: ${this.#seconds(step)} s: ${context.lastLine.slice(0, 100)}`);
    }
  }

  #say(line) {
    if (this.#terminal) process.stdout.write('\r\x1b[K');
    console.log(line);
  }

  #seconds(step) {
    return Math.round((Date.now() - this.#running.get(step).startedAt) / 1000);
  }
}

/** One observable value. Listeners run once per change, batched into the next microtask. */
export class Store<T> {
  #value: T;
  #listeners = new Set<(value: T) => void>();
  #isTold = true;

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (value === this.#value) return;
    this.#value = value;
    if (!this.#isTold) return;
    this.#isTold = false;
    queueMicrotask(() => {
      this.#isTold = true;
      for (const listener of [...this.#listeners]) listener(this.#value);
    });
  }

  update(change: (value: T) => T): void {
    this.set(change(this.#value));
  }

  /** Returns what ends the subscription. */
  subscribe(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

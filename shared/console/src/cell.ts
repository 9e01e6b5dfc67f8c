import { useLayoutEffect, useState } from "preact/hooks";

/** A value that several parts of the page show: whoever shows it is drawn anew when it changes. */
export class Cell<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set value(next: T) {
    if (Object.is(next, this.#value)) return;
    this.#value = next;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls `listener` after every change; what is returned ends that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value of a cell, while a component is on the screen. */
export const useCell = <T>(cell: Cell<T>): T => {
  const [shown, show] = useState(cell.value);
  useLayoutEffect(() => {
    const update = () => show(() => cell.value);
    update();
    return cell.listen(update);
  }, [cell]);
  return Object.is(shown, cell.value) ? shown : cell.value;
};

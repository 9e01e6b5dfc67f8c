/** Texts that outlive the page; where the browser forbids that, they live as long as the page. */
export class Memory {
  readonly #prefix: string;
  readonly #storage: () => Storage;
  readonly #own = new Map<string, string>();

  /** `storage` is called each time, since merely looking at it may be forbidden. */
  constructor(prefix: string, storage: () => Storage) {
    this.#prefix = prefix;
    this.#storage = storage;
  }

  get(name: string): string | undefined {
    try {
      return this.#storage().getItem(this.#prefix + name) ?? this.#own.get(name);
    } catch {
      return this.#own.get(name);
    }
  }

  set(name: string, value: string | undefined): void {
    if (value === undefined) this.#own.delete(name);
    else this.#own.set(name, value);
    try {
      if (value === undefined) this.#storage().removeItem(this.#prefix + name);
      else this.#storage().setItem(this.#prefix + name, value);
    } catch {
      // It is kept as long as the page is.
    }
  }
}

/** Of one tab: reloads find it again, other tabs do not. */
export const tabMemory = (prefix: string): Memory => new Memory(prefix, () => sessionStorage);

/** Of all tabs of the page's origin. */
export const sharedMemory = (prefix: string): Memory => new Memory(prefix, () => localStorage);

/** What a text says; nothing where something else has written there. */
export const parsed = <T>(text: string | undefined): T | undefined => {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as T);
  } catch {
    return undefined;
  }
};

/** What tabs tell one another: which conversation has changed, or that one was left for another that is still to be begun. */
export interface Told {
  session?: string | undefined;
  left?: string | undefined;
}

/** Tells other tabs of the page's origin what became of a conversation, and hears of theirs. */
export class Tabs {
  readonly #channel: BroadcastChannel | undefined;

  constructor(name: string, heard: (told: Told) => void) {
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }: MessageEvent<Told | null>) => data && heard(data);
    } catch {
      // A page that may store nothing has no other tabs either.
    }
  }

  tell(what: Told): void {
    this.#channel?.postMessage(what);
  }

  close(): void {
    this.#channel?.close();
  }
}

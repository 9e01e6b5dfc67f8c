/** Tells other tabs of the page's origin that a conversation has changed, and hears of theirs. */
export class Tabs {
  readonly #channel: BroadcastChannel | undefined;

  /** `heard` is given the conversation, or nothing where another one was begun. */
  constructor(name: string, heard: (session: string | undefined) => void) {
    try {
      this.#channel = new BroadcastChannel(name);
      this.#channel.onmessage = ({ data }: MessageEvent<{ session?: string }>) => heard(data.session);
    } catch {
      // A page that may store nothing has no other tabs either.
    }
  }

  tell(session: string | undefined): void {
    this.#channel?.postMessage({ ...(session && { session }) });
  }

  close(): void {
    this.#channel?.close();
  }
}

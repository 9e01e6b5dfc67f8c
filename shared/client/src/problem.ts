import type { components } from "./schema.js";

type Schemas = components["schemas"];
type Body = Partial<Schemas["ErrorEvent"] & Schemas["Problem"]>;

/** What the service says when it says no. Show `message`, or a text of your own for `code`. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** A stable name, such as `invalid_credentials`; `unknown` for what was not said by the service but by a proxy. */
  readonly code: string;
  /** The HTTP status. */
  readonly status: number;
  /** The fields that are not acceptable. */
  readonly errors: Schemas["FieldError"][];
  /** Under which the service's log knows the request. */
  readonly requestId: string | undefined;
  /** After how many seconds it may work. */
  readonly retryAfter: number | undefined;
  /** The limit that was reached. */
  readonly limit: Schemas["LimitLeft"] | undefined;
  /** The work that a site asks for before it lets a visitor in. */
  readonly challenge: Schemas["Challenge"] | undefined;
  /** Whether the same may work in a moment. */
  readonly retryable: boolean;

  constructor(status: number, body: Body = {}, headers?: Headers) {
    super(body.detail ?? `The service answered ${status}.`);
    const after = headers?.get("retry-after");
    this.status = status;
    this.code = body.type?.split(":").pop() ?? "unknown";
    this.errors = body.errors ?? [];
    this.requestId = body.instance ?? headers?.get("x-request-id") ?? undefined;
    // Seconds, or a date, which proxies send.
    this.retryAfter = after ? Math.max(0, +after || (Date.parse(after) - Date.now()) / 1000 || 0) : undefined;
    this.limit = body.limit;
    this.challenge = body.challenge;
    const passing = ["unknown", "overloaded", "unavailable", "server_shutdown", "too_many_connections", "search_timeout"];
    this.retryable = body.retryable ?? (status > 501 && passing.includes(this.code));
  }

  /** That of an answer that is no good one. */
  static async of(answer: Response): Promise<Problem> {
    const body: unknown = await answer.json().catch(() => undefined);
    return new Problem(answer.status, Object(body) as Body, answer.headers);
  }
}

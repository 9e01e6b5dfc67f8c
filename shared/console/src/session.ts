import { Parlance, Problem, memoryStore, type components } from "parlance-client";
import { Cell } from "./cell.js";
import { KEPT, keptFetch } from "./kept.js";

type Schemas = components["schemas"];

/** A superuser's stay in a tenant. */
export interface Stay {
  api: Parlance;
  tenant: Schemas["CurrentTenant"];
  reason: string;
  /** In milliseconds since 1970. */
  ends: number;
}

/** Who is logged in, and where. */
export interface Session {
  own: Parlance;
  me: Schemas["Me"];
  stay: Stay | undefined;
}

/** Where the service is: a front may have put a prefix before it. */
export const baseUrl = location.origin + location.pathname.replace(/\/console\/?$/, "");

/** `null` until it is known whether somebody has stayed logged in; `undefined` is nobody. */
export const session = new Cell<Session | null | undefined>(null);

/** That a login or a stay has ended while somebody works: what is on the screen stays, and somebody asks for it again. */
export const ended = new Cell<{ what: "login" | "stay"; back(): void; leave(error: unknown): void } | undefined>(undefined);

const KEY = "parlance-console";
/** Whether the deployment lets people stay logged in: by a cookie that no script can read. */
export const canStay = new Cell(false);
/** A login that outlives the page is one of all tabs: when it ends in one, the others say so. */
const tabs = "BroadcastChannel" in globalThis ? new BroadcastChannel(KEY) : undefined;
let isKept = false;
/** Whether somebody has left whose kept login the service could not be told of: it is still there, for whoever comes. */
export const remains = new Cell(false);

const enter = async (own: Parlance): Promise<void> => {
  session.value = { own, me: await own.me(), stay: undefined };
};

/** Finds out whether somebody has stayed logged in. */
export const begin = async (): Promise<void> => {
  const store = memoryStore({ access_token: "", refresh_token: KEPT, ends: 0 });
  try {
    await enter(new Parlance({ baseUrl, store, fetch: keptFetch(baseUrl) }));
    canStay.value = true;
    isKept = true;
    return;
  } catch (error) {
    // Where there are no cookies, nobody has stayed. Where the service is away for a moment, logging in says so.
    canStay.value = error instanceof Problem && error.status === 401;
    if (!(error instanceof Problem)) console.warn(error);
  }
  session.value = undefined;
};

/** `keep`: whether a reload, or the next visit, is to find the login again. */
export const login = async (tenant: string, email: string, password: string, keep: boolean): Promise<void> => {
  const own = new Parlance({ baseUrl, ...(tenant && { tenant }), ...(keep && { fetch: keptFetch(baseUrl) }) });
  await own.login(email, password);
  isKept = keep;
  if (keep) remains.value = false;
  const before = session.value;
  await enter(own);
  const now = session.value;
  // The others have this login from now on, and ask if it is somebody else's.
  if (keep) tabs?.postMessage(now?.me.user.id);
  // Whoever comes back goes on where the work was, in a stay as well.
  if (before && now && before.me.user.id === now.me.user.id) session.value = { ...now, stay: before.stay };
};

export const logout = async (): Promise<void> => {
  const now = session.value;
  session.value = undefined;
  leaveAgain();
  if (isKept) tabs?.postMessage(undefined);
  try {
    await now?.own.logout();
  } catch (error) {
    // Here it has ended in any case; but a reload would find what the browser has kept.
    console.warn(error);
    remains.value = isKept;
  }
};

/** Has the service end the login that `remains`. */
export const endKept = async (): Promise<void> => {
  const answer = await keptFetch(baseUrl)(`${baseUrl}/login/logout`);
  remains.value = !answer.ok;
};

const leaveAgain = (): void => {
  ended.value?.leave(new DOMException("Nobody is logged in.", "AbortError"));
  ended.value = undefined;
};

if (tabs) {
  tabs.onmessage = ({ data }) => {
    if (isKept && session.value && data !== session.value.me.user.id) void askAgain("login").catch(() => {});
  };
}

let asking: Promise<void> | undefined;

/** Asks for the login, or the stay, again; settled when it is there, rejected when somebody leaves instead. */
const askAgain = (what: "login" | "stay"): Promise<void> =>
  (asking ??= new Promise<void>((back, leave) => (ended.value = { what, back, leave })).finally(() => {
    ended.value = undefined;
    asking = undefined;
  }));

/** Stays in a tenant, as a superuser. */
export const assume = async (tenantId: string, reason: string, minutes: number): Promise<void> => {
  const token = await asOneself((own) => own.request<Schemas["AssumedToken"]>("POST", `/admin/tenants/${tenantId}/assume`, { body: { reason, minutes } }));
  const now = session.value;
  if (!now) return;
  const api = new Parlance({ baseUrl, apiKey: token.access_token });
  session.value = { ...now, stay: { api, tenant: token.tenant, reason, ends: Date.now() + token.expires_in * 1000 } };
};

export const leaveStay = (): void => {
  const now = session.value;
  if (now) session.value = { ...now, stay: undefined };
};

/** Reads anew who is logged in. */
export const reread = async (): Promise<void> => {
  const me = await asOneself((own) => own.me());
  const now = session.value;
  if (now) session.value = { ...now, me };
};

const hasEnded = (error: unknown): boolean => error instanceof Problem && error.status === 401 && error.code !== "invalid_credentials";

/** Who somebody is, and in which organisation. */
export const whereabouts = ({ me, stay }: Session): string => `${me.user.id} ${stay?.tenant.id ?? me.tenant.id}`;

const through = async <T>(pick: (now: Session) => Parlance, where: (now: Session) => string, work: (api: Parlance) => Promise<T>): Promise<T> => {
  const begun = session.value && where(session.value);
  for (;;) {
    const now = session.value;
    // What was begun as somebody, somewhere, is never done as somebody else, or elsewhere.
    if (!now || where(now) !== begun) throw new DOMException("Whoever began this is gone.", "AbortError");
    const api = pick(now);
    try {
      return await work(api);
    } catch (error) {
      if (!hasEnded(error)) throw error;
      // Somebody else may have come back meanwhile.
      const later = session.value;
      if (later && pick(later) === api) await askAgain(api === now.own ? "login" : "stay");
    }
  }
};

/** Does something as whoever is logged in, in the tenant that is on the screen. Goes on after a login that had ended. */
export const asCaller = <T>(work: (api: Parlance) => Promise<T>): Promise<T> => through(({ stay, own }) => stay?.api ?? own, whereabouts, work);

/** Likewise, but never as somebody who stays in a tenant. */
export const asOneself = <T>(work: (api: Parlance) => Promise<T>): Promise<T> => through(({ own }) => own, ({ me }) => me.user.id, work);

import type { components } from "parlance-client";

type Schemas = components["schemas"];

/** No page of another origin can send it: by it the service knows that no other has a page ask for what is in its cookie. */
const OWN_PAGE = { "x-login-cookie": "1" };
/** What the client keeps in the place of a refresh token that only the browser has. */
export const KEPT = "in the cookie";

/**
 * A `fetch` for the client that has the service keep the login in a cookie that no script can read. What the client asks of
 * `/login` and what is beneath it, it asks of `/login/cookie`.
 */
export const keptFetch = (baseUrl: string): typeof fetch => {
  // Whose login the cookie had: another page may have put somebody else's there.
  let who: string | undefined;
  const ask = (method: string, init: RequestInit | undefined, body?: unknown): Promise<Response> =>
    fetch(`${baseUrl}/login/cookie`, {
      method,
      headers: { ...OWN_PAGE, ...(body !== undefined && { "content-type": "application/json" }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(init?.signal && { signal: init.signal }),
    });
  const pair = async (answer: Response): Promise<Response> => {
    if (!answer.ok) return answer;
    const kept = (await answer.json()) as Schemas["KeptLogin"];
    const now = `${kept.tenant.id} ${kept.user.id}`;
    // What was begun as somebody is not done as somebody else.
    if ((who ??= now) !== now) {
      const detail = "Somebody else has logged in.";
      return Response.json({ type: "urn:parlance:error:not_logged_in", status: 401, detail }, { status: 401 });
    }
    return Response.json({ ...kept, refresh_token: KEPT });
  };
  return async (input, init) => {
    switch (String(input)) {
      case `${baseUrl}/login`: {
        const answer = await fetch(input, init);
        if (!answer.ok) return answer;
        const { refresh_token } = (await answer.json()) as Schemas["TokenPair"];
        who = undefined;
        return pair(await ask("PUT", init, { refresh_token }));
      }
      case `${baseUrl}/login/refresh`:
        return pair(await ask("POST", init));
      case `${baseUrl}/login/logout`:
        return ask("DELETE", init);
      default:
        return fetch(input, init);
    }
  };
};

// Sends an operation as its form says, and shows what comes back as it comes. Tokens stay in this page and are gone with it.

const said = (text, bad) => {
  at("who").textContent = text;
  at("who").classList.toggle("bad", Boolean(bad));
};

/** Keeps the token that a login, or a superuser's stay in a tenant, has given. */
const remember = (answer) => {
  if (!answer?.access_token) return;
  at("token").value = answer.access_token;
  const who = answer.user?.email ?? "A superuser";
  said(`${who} in ${answer.tenant?.name ?? "a tenant"}; the token is good for ${answer.expires_in} s.`);
};

at("log-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(event.target));
  if (!fields.tenant) delete fields.tenant;
  try {
    const answer = await fetch(new URL("login", base), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const body = await answer.json();
    if (answer.ok) remember(body);
    else said(body.detail, true);
  } catch (e) {
    said(`The service could not be reached: ${e.message}.`, true);
  }
});
at("token").addEventListener("input", () => said(""));

/** What the form asks for: address, and what `fetch` takes. */
const request = (form, method, path, operation) => {
  const value = (name) => form.elements[name]?.value.trim() ?? "";
  const query = new URLSearchParams();
  let filled = path;
  for (const { name, in: place } of operation.parameters ?? []) {
    const given = value(`p-${name}`);
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(given));
    else if (given) query.set(name, given);
  }
  const headers = {};
  const token = at("token").value.trim();
  if (token && !auth(operation).startsWith("Needs no")) headers.authorization = `Bearer ${token}`;
  if (value("accept")) headers.accept = value("accept");
  const asked = { method: method.toUpperCase(), headers };
  if (form.elements.body) {
    headers["content-type"] = "application/json";
    asked.body = form.elements.body.value;
  }
  const search = query.size ? `?${query}` : "";
  return [new URL(filled.slice(1) + search, base), asked];
};

/** The same for a shell, without the token. */
const curl = (url, { method, headers, body }) => {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const shown = Object.entries(headers).map(([name, value]) =>
    name === "authorization" ? ` \\\n  -H "authorization: Bearer $TOKEN"` : ` \\\n  -H ${quoted(`${name}: ${value}`)}`);
  return `curl -X ${method} ${quoted(url.href)}${shown.join("")}${body ? ` \\\n  -d ${quoted(body)}` : ""}`;
};

/** Shows an answer as it arrives. */
const show = async (answer, output, note) => {
  const kept = ["content-type", "x-request-id", "retry-after", "www-authenticate", "location"];
  const headers = kept.filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
  note.textContent = `${answer.status} ${answer.statusText}`;
  note.classList.toggle("bad", !answer.ok);
  const text = document.createTextNode("");
  output.replaceChildren(`${headers.join("\n")}\n\n`, text);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (let piece = await reader?.read(); piece && !piece.done; piece = await reader.read()) text.appendData(piece.value);
  if (!answer.headers.get("content-type")?.includes("json") || !text.data) return;
  const body = JSON.parse(text.data);
  text.data = json(body);
  remember(body);
};

const field = (parameter) => {
  const { name, in: place, required, schema, example } = parameter;
  const choices = resolve(unwrapped(schema)[0]).enum;
  const set = { name: `p-${name}`, required: required && place === "path" };
  const input = choices
    ? el("select", set, ...(required ? [] : [el("option", { value: "" }, "")]), ...choices.map((choice) => el("option", {}, choice)))
    : el("input", { ...set, value: example, placeholder: schema.format ?? schema.default });
  return el("label", {}, `${name} (${place})`, input);
};

/** The form that tries an operation. */
const tryIt = (method, path, operation) => {
  const body = operation.requestBody?.content["application/json"];
  const medias = Object.keys(resolve(operation.responses["200"])?.content ?? {});
  const note = el("p", { role: "status" });
  const output = el("pre", { tabindex: 0, hidden: true, "aria-label": "Answer" });
  const command = el("pre", { tabindex: 0 });
  const stop = el("button", { type: "button", class: "plain", hidden: true }, "Stop");
  const form = el("form", { class: "box" },
    el("h3", {}, "Try it"),
    ...(operation.parameters ?? []).map(field),
    medias.length > 1 ? el("label", {}, "Answer as", el("select", { name: "accept" }, ...medias.map((media) => el("option", {}, media)))) : undefined,
    body ? el("label", {}, "Body", el("textarea", { name: "body", spellcheck: "false", rows: 8 }, json(body.example))) : undefined,
    el("button", {}, "Send"), " ", stop, note, block(output),
    el("details", {}, el("summary", {}, "As curl"), block(command)));
  const refresh = () => { command.textContent = curl(...request(form, method, path, operation)); };
  form.addEventListener("input", refresh);
  refresh();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    refresh();
    const controller = new AbortController();
    stop.onclick = () => controller.abort();
    stop.hidden = false;
    output.hidden = false;
    output.replaceChildren();
    note.textContent = "Asking ...";
    try {
      const [url, asked] = request(form, method, path, operation);
      await show(await fetch(url, { ...asked, signal: controller.signal }), output, note);
    } catch (e) {
      note.textContent = controller.signal.aborted ? `${note.textContent} (stopped)` : `It failed: ${e.message}`;
    }
    stop.hidden = true;
  });
  return form;
};

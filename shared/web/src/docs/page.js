// Draws the page from the contract. Nothing is ever set as HTML, so no text of the contract can become markup.

const el = (tag, set = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(set)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== undefined && child !== null));
  return node;
};
const at = (id) => document.getElementById(id);

/** Text with what stands between backticks as code. */
const inline = (text = "") =>
  text.split("`").map((part, n) => (n % 2 ? el("code", {}, part) : part));

/** Copies what an element shows; where a page may not write to the clipboard, as without TLS, in the way of old. */
const copy = async (node) => {
  const text = node.textContent;
  const written = await navigator.clipboard?.writeText(text).then(() => true, () => false);
  if (written) return;
  getSelection().selectAllChildren(node);
  if (!document.execCommand("copy")) throw new Error("the browser refused");
};

/** A block of code, with a button that copies it. */
const block = (pre) => {
  const button = el("button", { type: "button", class: "plain copy", "aria-live": "polite" }, "Copy");
  button.addEventListener("click", async () => {
    button.textContent = await copy(pre).then(() => "Copied", () => "Not copied");
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  return el("div", { class: "code" }, pre, button);
};
const code = (text) => block(el("pre", { tabindex: 0 }, text));
for (const pre of document.querySelectorAll("main pre")) {
  const place = document.createComment("");
  pre.replaceWith(place);
  place.replaceWith(block(pre));
}

/** Paragraphs and fenced blocks. */
const prose = (text = "") =>
  text.split(/^```\w*\n([\s\S]*?)^```$/m).flatMap((part, n) =>
    n % 2
      ? [code(part.trimEnd())]
      : part.split("\n\n").map((p) => p.trim()).filter(Boolean).map((p) => el("p", {}, ...inline(p))));

let api;
const resolve = (one = {}) =>
  one.$ref ? one.$ref.slice(2).split("/").reduce((here, step) => here[step], api) : one;
const nameOf = (schema = {}) => schema.$ref?.split("/").pop();

/** The schema without `null` beside it, and whether it was there. */
const unwrapped = (schema) => {
  const choices = schema.oneOf ?? [];
  const other = choices.filter((choice) => choice.type !== "null");
  if (choices.length === 2 && other.length === 1) return [other[0], true];
  if (!Array.isArray(schema.type)) return [schema, false];
  return [{ ...schema, type: schema.type.find((type) => type !== "null") }, schema.type.includes("null")];
};

/** The type in a few words, with links to what has a name. */
const kind = (given = {}) => {
  const [schema, nullable] = unwrapped(given);
  const name = nameOf(schema);
  const own = resolve(schema);
  const words = [];
  if (own.enum) words.push(own.enum.map((word) => JSON.stringify(word)).join(" | "));
  else if (name) words.push(el("a", { href: `#schema-${name}` }, name));
  else if (own.type === "array") words.push("list of ", ...kind(own.items));
  else words.push([own.type ?? "any", own.format && `(${own.format})`].filter(Boolean).join(" "));
  if (nullable) words.push(" or null");
  return words;
};

/** What a value must keep to, in words, unless its description has said so. */
const bounds = (given, description = "") => {
  const [s] = unwrapped(given);
  const range = (min, max, unit) =>
    max === undefined || description.includes(max) ? undefined
      : min === undefined ? `at most ${max}${unit}` : `${min} to ${max}${unit}`;
  const all = [
    range(s.minLength, s.maxLength, " characters"),
    range(s.minimum, s.maximum, ""),
    range(s.minItems, s.maxItems, " items"),
    s.default !== undefined && `${JSON.stringify(s.default)} if absent`,
  ].filter(Boolean);
  return all.length ? el("p", { class: "kind" }, all.join(", ")) : undefined;
};

/** What is inside a field, to be opened. */
const inside = (given, depth) => {
  let [schema] = unwrapped(given);
  if (schema.type === "array") schema = schema.items;
  const own = resolve(schema);
  if (depth > 3 || !(own.properties || own.allOf || own.oneOf)) return undefined;
  const more = el("details", {}, el("summary", {}, nameOf(schema) ?? "fields"));
  more.addEventListener("toggle", () => more.append(shape(schema, depth + 1)), { once: true });
  return more;
};

const row = (name, required, schema, description, depth) =>
  el("tr", {},
    el("td", {}, el("code", {}, name), required ? el("span", { class: "need" }, "required") : undefined),
    el("td", { class: "kind" }, ...kind(schema)),
    el("td", {}, ...prose(description), bounds(schema, description), inside(schema, depth)));

/** The fields of an object, or what else a schema is. */
const shape = (given, depth = 0) => {
  const schema = resolve(given);
  if (schema.allOf) return el("div", {}, ...schema.allOf.map((part) => shape(part, depth)));
  if (schema.oneOf) return el("div", {}, ...schema.oneOf.flatMap((part) => choice(part, depth)));
  if (!schema.properties) return el("p", { class: "kind" }, ...kind(given));
  const required = schema.required ?? [];
  const rows = Object.entries(schema.properties).map(([name, field]) => {
    const [own] = unwrapped(field);
    return row(name, required.includes(name), field, field.description ?? own.description, depth);
  });
  return el("table", { class: "fields" }, el("tbody", {}, ...rows));
};

/** One of several shapes. */
const choice = (part, depth) => [
  el("p", {}, ...kind(part), ": ", ...inline(resolve(part).description)),
  shape(part, depth),
];

const json = (value) => JSON.stringify(value, null, 2);

const drawContents = (title, content) => [
  el("p", {}, el("code", {}, title)),
  nameOf(content.schema) ? el("p", {}, ...kind(content.schema)) : undefined,
  shape(content.schema),
  content.example === undefined ? undefined : el("details", {}, el("summary", {}, "Example"), code(json(content.example))),
];

const drawAnswers = (operation) => {
  const all = Object.entries(operation.responses).map(([status, response]) => [status, resolve(response)]);
  const good = all.filter(([status]) => status < "300").flatMap(([status, response]) => [
    el("h3", {}, `${status}: `, ...inline(response.description)),
    ...Object.entries(response.content ?? {}).flatMap(([media, content]) => drawContents(media, content)),
  ]);
  const bad = all.filter(([status]) => status >= "300").map(([status, response]) =>
    el("tr", {}, el("td", {}, el("code", {}, status === "default" ? "other" : status)), el("td", {}, ...inline(response.description))));
  const failures = el("details", {}, el("summary", {}, "How it may fail"), el("table", {}, el("tbody", {}, ...bad)));
  return [...good, failures];
};

const auth = (operation) => {
  const needed = operation.security ?? api.security;
  if (needed.some((one) => !Object.keys(one).length)) return "Needs no token.";
  if (needed.some((one) => one.metrics)) return "Needs the deployment's METRICS_TOKEN.";
  const scope = needed.find((one) => one.api_key)?.api_key[0];
  return scope ? `Needs an access token, or an API key with the scope ${scope}.` : "Needs an access token.";
};

const drawOperation = (method, path, operation) => {
  const body = el("div");
  const whole = el("details", { class: "op", id: operation.operationId },
    el("summary", {}, el("b", { class: method }, method.toUpperCase()), el("code", {}, path), el("span", {}, ...inline(operation.summary))),
    body);
  whole.addEventListener("toggle", () => {
    const parameters = (operation.parameters ?? []).map((p) => row(p.name, p.required, p.schema, p.description, 0));
    const sent = Object.entries(operation.requestBody?.content ?? {});
    body.append(...[
      ...prose(operation.description),
      el("p", { class: "kind" }, auth(operation)),
      parameters.length ? el("h3", {}, "Parameters") : undefined,
      parameters.length ? el("table", { class: "fields" }, el("tbody", {}, ...parameters)) : undefined,
      sent.length ? el("h3", {}, "What you send") : undefined,
      ...sent.flatMap(([media, content]) => drawContents(media, content)),
      tryIt(method, path, operation),
      ...drawAnswers(operation),
    ].filter(Boolean));
  }, { once: true });
  return whole;
};

const draw = () => {
  at("version").textContent = api.info.version;
  at("about").append(...prose(api.info.description));
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })));
  const link = (id, ...text) => el("a", { href: `#${id}` }, ...text);
  const contents = at("contents");
  contents.append(link("start", "Start"), link("events", "Events of a stream"), link("errors", "Errors"), link("schemas", "Schemas"));
  for (const tag of api.tags) {
    const own = operations.filter(({ operation }) => operation.tags[0] === tag.name);
    if (!own.length) continue;
    contents.append(el("h2", {}, tag.name), ...own.map(({ method, path, operation }) =>
      link(operation.operationId, el("b", { class: method }, method.toUpperCase()), " ", path.replaceAll("/", "/\u200b"))));
    at("operations").append(el("section", {}, el("h1", {}, tag.name), ...prose(tag.description),
      ...own.map(({ method, path, operation }) => drawOperation(method, path, operation))));
  }
  const schemas = api.components.schemas;
  for (const part of schemas.ChatEvent?.oneOf ?? []) {
    at("events").append(el("h2", {}, nameOf(part)), ...prose(resolve(part).description), shape(part));
  }
  const codes = api["x-error-codes"].map(({ code, status, meaning }) =>
    el("tr", { id: `error-${code}` }, el("td", {}, el("code", {}, code)), el("td", {}, String(status)), el("td", {}, ...inline(meaning))));
  at("errors").append(shape({ $ref: "#/components/schemas/Problem" }), el("h2", {}, "Codes"), el("table", { class: "codes" }, el("tbody", {}, ...codes)));
  for (const [name, schema] of Object.entries(schemas)) {
    at("schemas").append(el("h2", { id: `schema-${name}` }, name), ...prose(schema.description), shape(schema));
  }
};

/** Opens the operation that the address names, and goes there. */
const open = () => {
  const target = at(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.tagName === "DETAILS") target.open = true;
  target.scrollIntoView();
};

at("menu").addEventListener("click", () => {
  at("menu").setAttribute("aria-expanded", at("side").classList.toggle("open"));
});
at("contents").addEventListener("click", () => {
  at("side").classList.remove("open");
  at("menu").setAttribute("aria-expanded", false);
});
at("filter").addEventListener("input", () => {
  const word = at("filter").value.trim().toLowerCase();
  const fits = (text) => text.replaceAll("\u200b", "").toLowerCase().includes(word);
  for (const entry of at("contents").querySelectorAll("a")) entry.hidden = !fits(entry.textContent + entry.hash);
  for (const title of at("contents").querySelectorAll("h2")) {
    let next = title.nextElementSibling;
    while (next?.tagName === "A" && next.hidden) next = next.nextElementSibling;
    title.hidden = next?.tagName !== "A";
  }
  for (const op of document.querySelectorAll(".op")) op.hidden = !fits(op.firstChild.textContent + op.id);
});
addEventListener("hashchange", open);

const base = new URL(".", location.href);
fetch(new URL("openapi.json", base)).then((answer) => answer.json()).then((contract) => {
  api = contract;
  draw();
  open();
}).catch((e) => at("about").append(el("p", { class: "bad" }, `The contract could not be read: ${e.message}. Load the page again.`)));

import { define, type ChatFile } from "./element.js";

const script = (document.currentScript ?? document.querySelector("script[data-site][src*='/widget.js']")) as HTMLScriptElement;
const host = new URL(script.src).href.replace(/\/widget\.js.*$/, "");
const folder = `${host}/widget/`;

/** Lets addresses of our own be loaded where a page allows none but those of policies that it names. */
const policy = (): { createScriptURL(address: string): string } | undefined => {
  const rules = { createScriptURL: (address: string) => address };
  const { trustedTypes } = window as { trustedTypes?: { createPolicy(name: string, of: typeof rules): typeof rules } };
  try {
    return trustedTypes?.createPolicy("parlance", rules);
  } catch {
    // The page has named others; where it insists on them, the browser says so.
    return undefined;
  }
};

const addresses = policy();

/** Loads a file whose content is known by its hash. Whoever imports it then is given the same. */
const checked = (address: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const element = document.createElement("script");
    Object.assign(element, { type: "module", crossOrigin: "anonymous", integrity: CHAT_INTEGRITY, nonce: script.nonce });
    element.onload = () => resolve();
    element.onerror = () => reject(new Error(`${address} could not be loaded.`));
    element.src = addresses?.createScriptURL(address) ?? address;
    document.head.append(element);
  });

const chat = async (): Promise<ChatFile> => {
  const address = folder + CHAT_FILE;
  try {
    await checked(address);
    return await import(address);
  } catch (error) {
    // The service may have been replaced by another release since this page was loaded. A page that checks this file would
    // not want another one.
    if (script.integrity) throw error;
    return import(`${folder}chat.js`);
  }
};

let loaded: Promise<ChatFile> | undefined;

const load = (): Promise<ChatFile> =>
  (loaded ??= chat().catch((error: unknown) => {
    // What failed is tried again.
    loaded = undefined;
    throw error;
  }));

define(load);

const begin = (): void => {
  if (document.querySelector("parlance-chat")) return;
  const element = document.createElement("parlance-chat");
  for (const [name, value] of Object.entries({ host, ...script.dataset })) {
    element.setAttribute(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value ?? "");
  }
  document.body.append(element);
};

if (script.dataset.site) {
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}

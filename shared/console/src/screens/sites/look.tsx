import { useEffect, useRef, useState } from "preact/hooks";
import { CopyField } from "../../kit/copy.js";
import { Choice, Text } from "../../kit/field.js";
import { Card } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { baseUrl } from "../../session.js";
import type { Site } from "../sites.js";

/** What pages of others load, once for this page. It only defines the element: which one there is, is said here. */
let loaded: Promise<void> | undefined;
const load = (): Promise<void> =>
  (loaded ??= new Promise<void>((resolve, reject) => {
    const script = document.createElement("script");
    script.src = `${baseUrl}/widget.js`;
    script.onload = () => resolve();
    script.onerror = () => reject(new Error());
    document.head.append(script);
  }).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  }));

const escaped = (text: string): string => text.replace(/&/g, "&amp;").replace(/"/g, "&quot;").replace(/</g, "&lt;");

/** The lines for the page, and the chat as they make it look. */
export const Look = ({ site }: { site: Site }) => {
  const t = useTexts();
  const [look, setLook] = useState({ heading: "", greeting: "", suggestions: "", theme: "", accent: "" });
  const set = (name: keyof typeof look) => (value: string) => setLook({ ...look, [name]: value });
  const attributes = Object.entries({ heading: look.heading, greeting: look.greeting, suggestions: look.suggestions, theme: look.theme }).filter(([, value]) => value !== "");
  const isColour = /^#[0-9a-f]{3,8}$/i.test(look.accent);
  const lines = [
    `<script src="${baseUrl}/widget.js" data-site="${site.site_key}"${attributes.map(([name, value]) => `\n        data-${name}="${escaped(value)}"`).join("")} async></script>`,
    ...(isColour ? [`<style>parlance-chat { --parlance-accent: ${look.accent} }</style>`] : []),
  ];
  return (
    <Card title={t.sites.look} lead={t.sites.lookLead}>
      <div class="looks">
        <div>
          <Text label={t.sites.heading} value={look.heading} set={set("heading")} placeholder={site.name} />
          <Text label={t.sites.greeting} value={look.greeting} set={set("greeting")} />
          <Text label={t.sites.suggestions} hint={t.sites.suggestionsHint} value={look.suggestions} set={set("suggestions")} />
          <div class="pair">
            <Choice
              label={t.theme.label}
              value={look.theme}
              set={set("theme")}
              options={[
                ["", t.theme.system],
                ["light", t.theme.light],
                ["dark", t.theme.dark],
              ]}
            />
            <Text label={t.sites.accent} value={look.accent} set={set("accent")} placeholder="#3a4fd0" isCode />
          </div>
        </div>
        <Preview key={JSON.stringify([attributes, isColour && look.accent])} site={site} attributes={attributes} accent={isColour ? look.accent : undefined} />
      </div>
      <p class="label">{t.sites.snippet}</p>
      <CopyField label={t.sites.snippet} value={lines.join("\n")} isLong />
    </Card>
  );
};

const Preview = ({ site, attributes, accent }: { site: Site; attributes: [string, string][]; accent: string | undefined }) => {
  const t = useTexts();
  const place = useRef<HTMLDivElement>(null);
  const [error, fail] = useState<unknown>();
  useEffect(() => {
    let isGone = false;
    const chat = document.createElement("parlance-chat");
    const own = { host: baseUrl, site: site.site_key, inline: "", open: "" };
    for (const [name, value] of [...Object.entries(own), ...attributes]) chat.setAttribute(name, value);
    if (accent) chat.style.setProperty("--parlance-accent", accent);
    load().then(
      () => isGone || place.current?.append(chat),
      () => isGone || fail(new Error(t.sites.noWidget)),
    );
    return () => {
      isGone = true;
      chat.remove();
    };
  }, []);
  return (
    <figure class="preview" aria-label={t.sites.preview}>
      <div ref={place} />
      <Trouble error={error} />
      <figcaption class="hint">{t.sites.previewHint}</figcaption>
    </figure>
  );
};

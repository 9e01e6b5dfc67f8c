import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useCell } from "../cell.js";
import { Choice } from "../kit/field.js";
import { language, NAMES, setLanguage, useTexts, type Language } from "../preferences.js";

/** What is on the screen before somebody is inside. */
export const Door = ({ title, lead, children }: { title: string; lead?: ComponentChildren; children: ComponentChildren }) => {
  const t = useTexts();
  const chosen = useCell(language);
  useEffect(() => {
    document.title = `${title} – ${t.product}`;
  }, [title]);
  return (
    <main class="door">
      <div class="box">
        <p class="brand">
          <i class="logo" /> {t.product}
        </p>
        <h1>{title}</h1>
        {lead && <p class="lead">{lead}</p>}
        {children}
      </div>
      <div class="language">
        <Choice label={t.language} isBare value={chosen} set={setLanguage} options={Object.entries(NAMES) as [Language, string][]} />
      </div>
    </main>
  );
};

import { useRef, useState } from "preact/hooks";
import type { Loaded } from "../../call.js";
import { Button } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { Text } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { useTexts } from "../../preferences.js";
import { bytes, fill } from "../../words.js";
import type { Document } from "./list.js";
import { LARGEST } from "./uploads.js";

/** Lets somebody choose the file that is to take a document's place. */
export const PickFile = ({ pick }: { pick: (file: File) => void }) => {
  const t = useTexts();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button icon="upload" press={() => input.current?.click()}>
        {t.knowledge.replace}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={t.knowledge.replace}
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          if (file) pick(file);
          currentTarget.value = "";
        }}
      />
    </>
  );
};

interface Props {
  document: Document;
  file: File;
  loaded: Loaded<Document>;
  close: () => void;
  done: () => void;
}

/** Another version: what there is stays until the file was read, and goes from one moment to the next. */
export const ReplaceDialog = ({ document, file, loaded, close, done }: Props) => {
  const t = useTexts();
  const [title, setTitle] = useState(document.title);
  const [language, setLanguage] = useState("");
  const fault = file.size > LARGEST ? t.knowledge.tooLarge : file.size === 0 ? t.knowledge.emptyFile : undefined;
  const send = async () => {
    const body = new FormData();
    body.append("file", file, file.name);
    body.append("title", title.trim());
    if (language.trim()) body.append("language", language.trim());
    // What is told beside it stays.
    if (document.source_url) body.append("source_url", document.source_url);
    body.append("metadata", JSON.stringify(document.metadata));
    await loaded.change(body, { method: "PUT" });
    done();
    say(t.knowledge.replaced);
  };
  return (
    <FormDialog
      title={fill(t.knowledge.replaceOf, { name: document.title })}
      close={close}
      action={t.knowledge.replaceDo}
      send={send}
      reread={loaded.again}
      isReady={!fault && title.trim() !== ""}
    >
      <p class="lead">{t.knowledge.replaceLead}</p>
      <p dir="auto">
        {file.name} <span class="small">{bytes(file.size)}</span>
      </p>
      {fault && <p class="fault">{fault}</p>}
      <Text label={t.knowledge.name} value={title} set={setTitle} />
      <Text label={t.knowledge.language} hint={t.knowledge.languageHint} value={language} set={setLanguage} isCode />
    </FormDialog>
  );
};

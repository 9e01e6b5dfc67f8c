import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, tagged } from "../../call.js";
import { FormDialog } from "../../kit/dialog.js";
import { useDraft } from "../../kit/draft.js";
import { Area, Text } from "../../kit/field.js";
import { say } from "../../kit/say.js";
import { useTexts } from "../../preferences.js";
import { fill } from "../../words.js";
import type { Document } from "./list.js";

type Schemas = components["schemas"];

/** Writes a text that becomes a document; what is typed outlives the dialog. */
export const WriteDialog = ({ close, done, title: asked = "" }: { close: () => void; done: (id: string) => void; title?: string }) => {
  const t = useTexts();
  const [title, setTitle, forgetTitle] = useDraft(`document-title ${asked}`, asked);
  const [text, setText, forgetText] = useDraft(`document-text ${asked}`, "");
  const [address, setAddress] = useState("");
  const send = async () => {
    const body: Schemas["AddDocumentRequest"] = { title: title.trim(), text, ...(address.trim() && { source_url: address.trim() }) };
    const { data, isFound } = await tagged<Schemas["AddedDocument"]>("POST", "/documents", { body });
    forgetTitle();
    forgetText();
    say(fill(isFound ? t.knowledge.known : t.knowledge.written, { name: title.trim() }));
    done(data.id);
  };
  return (
    <FormDialog title={t.knowledge.write} close={close} action={t.knowledge.add} send={send} isReady={title.trim() !== "" && text.trim() !== ""} isWide>
      <Text label={t.knowledge.name} hint={t.knowledge.nameHint} value={title} set={setTitle} hasFocus />
      <Area label={t.knowledge.text} value={text} set={setText} rows={12} />
      <Text label={t.knowledge.address} hint={t.knowledge.addressHint} type="url" value={address} set={setAddress} />
    </FormDialog>
  );
};

/** Corrects a text: the document keeps its id and its groups, and is read anew. */
export const CorrectDialog = ({ document, text: before, close, done }: { document: Document; text: string; close: () => void; done: () => void }) => {
  const t = useTexts();
  const [title, setTitle] = useState(document.title);
  const [text, setText, forget] = useDraft(`document ${document.id}`, before);
  const send = async () => {
    const { language, source_url, metadata } = document;
    await call("PUT", `/documents/${document.id}`, { body: { title: title.trim(), text, language, source_url, metadata } });
    forget();
    say(t.saved);
    done();
  };
  return (
    <FormDialog title={t.knowledge.correct} close={close} action={t.save} send={send} isReady={title.trim() !== "" && text.trim() !== ""} isWide>
      <Text label={t.knowledge.name} value={title} set={setTitle} />
      <Area label={t.knowledge.text} value={text} set={setText} rows={16} />
    </FormDialog>
  );
};

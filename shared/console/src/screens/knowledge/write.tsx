import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { tagged, useDeed, type Loaded } from "../../call.js";
import { Dialog, FormDialog } from "../../kit/dialog.js";
import { useDraft } from "../../kit/draft.js";
import { Area, faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { useTexts } from "../../preferences.js";
import { fill } from "../../words.js";
import { listOf } from "./groups.js";
import type { Document } from "./list.js";

type Schemas = components["schemas"];

/** Writes a text that becomes a document; what is typed outlives the dialog. */
export const WriteDialog = ({ close, done, title: asked = "" }: { close: () => void; done: (id: string) => void; title?: string }) => {
  const t = useTexts();
  const [title, setTitle, forgetTitle] = useDraft(`document-title ${asked}`, asked);
  const [text, setText, forgetText] = useDraft(`document-text ${asked}`, "");
  const [address, setAddress] = useState("");
  const [groups, setGroups] = useState("");
  const [language, setLanguage] = useState("");
  const send = async () => {
    const body: Schemas["AddDocumentRequest"] = { title: title.trim(), text, groups: listOf(groups), ...(address.trim() && { source_url: address.trim() }), ...(language.trim() && { language: language.trim() }) };
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
      <div class="pair">
        <Text label={t.knowledge.groups} hint={t.knowledge.groupsHint} value={groups} set={setGroups} />
        <Text label={t.knowledge.language} hint={t.knowledge.languageHint} value={language} set={setLanguage} isCode />
      </div>
    </FormDialog>
  );
};

interface CorrectProps {
  document: Document;
  text: string;
  loaded: Loaded<Document>;
  /** Fetches its text anew. */
  reread: () => void;
  close: () => void;
}

/** Corrects a text: the document keeps its id and its groups, and is read anew. What is typed outlives a reload. */
export const CorrectDialog = ({ document, text, loaded, reread, close }: CorrectProps) => {
  const t = useTexts();
  const form = useForm({ name: document.title, text, language: document.language ?? "" }, `correct ${document.id}`);
  const { name, language } = form.now;
  const save = useDeed(async () => {
    const { source_url, metadata } = document;
    await loaded.change({ title: name.trim(), text: form.now.text, language: language.trim() || null, source_url, metadata }, { method: "PUT" });
    form.discard();
    close();
    say(t.saved);
  });
  return (
    <Dialog title={t.knowledge.correct} close={close} isWide>
      <SaveForm save={save} form={form} labels={t.knowledge} isReady={name.trim() !== "" && form.now.text.trim() !== ""} reread={() => (loaded.again(), reread())}>
        <Text label={t.knowledge.name} value={name} set={form.set("name")} fault={faultOf(save.error, "title")} />
        <Area label={t.knowledge.text} value={form.now.text} set={form.set("text")} rows={16} fault={faultOf(save.error, "text")} />
        <Text label={t.knowledge.language} hint={t.knowledge.languageHint} value={language} set={form.set("language")} isCode fault={faultOf(save.error, "language")} />
      </SaveForm>
    </Dialog>
  );
};

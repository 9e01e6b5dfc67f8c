import { useDeed, type Loaded } from "../../call.js";
import { faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { Card } from "../../kit/screen.js";
import { say } from "../../kit/say.js";
import { useTexts } from "../../preferences.js";
import type { Document } from "./list.js";

export const listOf = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];

/** Whom answers and searches may tell of it. */
export const Groups = ({ document, loaded }: { document: Document; loaded: Loaded<Document> }) => {
  const t = useTexts();
  const form = useForm({ groups: document.groups.join(", ") });
  const save = useDeed(async () => {
    await loaded.change({ groups: listOf(form.now.groups) }, { method: "PUT", at: "/groups" });
    form.discard();
    say(t.saved);
  });
  return (
    <Card title={t.knowledge.groups}>
      <SaveForm save={save} form={form} labels={t.knowledge} reread={loaded.again}>
        <Text label={t.knowledge.groups} isBare hint={t.knowledge.groupsHint} value={form.now.groups} set={form.set("groups")} fault={faultOf(save.error, "groups")} />
      </SaveForm>
    </Card>
  );
};

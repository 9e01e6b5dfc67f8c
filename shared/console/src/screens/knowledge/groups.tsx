import { useState } from "preact/hooks";
import { call, useDeed } from "../../call.js";
import { Button } from "../../kit/button.js";
import { faultOf, Text } from "../../kit/field.js";
import { Card } from "../../kit/screen.js";
import { say } from "../../kit/say.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import type { Document } from "./list.js";

export const listOf = (text: string): string[] => [...new Set(text.split(/[\s,;]+/).filter(Boolean))];

/** Whom answers and searches may tell of it. */
export const Groups = ({ document, again }: { document: Document; again: () => void }) => {
  const t = useTexts();
  const before = document.groups.join(", ");
  const [typed, type] = useState<string>();
  const text = typed ?? before;
  const save = useDeed(async () => {
    await call("PUT", `/documents/${document.id}/groups`, { body: { groups: listOf(text) } });
    type(undefined);
    again();
    say(t.saved);
  });
  return (
    <Card title={t.knowledge.groups}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save.run();
        }}
      >
        <Text label={t.knowledge.groups} isBare hint={t.knowledge.groupsHint} value={text} set={type} fault={faultOf(save.error, "groups")} />
        <Trouble error={save.error} />
        <div class="buttons">
          <Button isSubmit isBusy={save.isBusy} isOff={text === before} kind="strong">
            {t.save}
          </Button>
        </div>
      </form>
    </Card>
  );
};

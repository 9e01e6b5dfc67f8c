import { useDeed, type Loaded } from "../../call.js";
import { Facts } from "../../kit/facts.js";
import { Area, faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card } from "../../kit/screen.js";
import { useTexts } from "../../preferences.js";
import type { Document } from "./list.js";
import { linesOf, metadataOf } from "./metadata.js";

/** What is told beside a document: where it is published, and by what searches can choose it. */
export const Told = ({ document, loaded }: { document: Document; loaded: Loaded<Document> }) => {
  const t = useTexts();
  const lines = linesOf(document.metadata as Record<string, unknown>);
  const form = useForm({ address: document.source_url ?? "", metadata: lines });
  const metadata = metadataOf(form.now.metadata);
  const save = useDeed(async () => {
    const { address, metadata: written } = form.typed;
    await loaded.change({ ...(address !== undefined && { source_url: address.trim() || null }), ...(written !== undefined && { metadata }) });
    form.discard();
    say(t.saved);
  });
  // What follows a source is told as that one says.
  if (document.connector_id) return lines ? <Card title={t.facts.title}><Facts of={[[t.facts.metadata, lines]]} /></Card> : null;
  return (
    <Card title={t.facts.title} lead={t.facts.lead}>
      <SaveForm save={save} form={form} labels={{ address: t.knowledge.address, metadata: t.facts.metadata }} isReady={metadata !== undefined} reread={loaded.again}>
        <Text label={t.knowledge.address} hint={t.knowledge.addressHint} type="url" value={form.now.address} set={form.set("address")} fault={faultOf(save.error, "source_url")} />
        <Area
          label={t.facts.metadata}
          hint={t.facts.hint}
          rows={3}
          isCode
          value={form.now.metadata}
          set={form.set("metadata")}
          fault={metadata ? faultOf(save.error, "metadata") : t.facts.noLine}
        />
      </SaveForm>
    </Card>
  );
};

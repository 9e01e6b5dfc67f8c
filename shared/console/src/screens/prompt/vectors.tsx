import type { components } from "parlance-client";
import { useDeed, type Loaded } from "../../call.js";
import { Choice, faultOf, Text } from "../../kit/field.js";
import { useForm } from "../../kit/form.js";
import { SaveForm } from "../../kit/save.js";
import { say } from "../../kit/say.js";
import { Card } from "../../kit/screen.js";
import { useTexts } from "../../preferences.js";

type Tenant = components["schemas"]["Tenant"];

const PLACES = ["auto", "none", "postgres", "pinecone"] as const;
type Place = (typeof PLACES)[number];

const formOf = (tenant: Tenant) => ({
  vectors: (tenant.retrieval.vectors ?? "auto") as Place,
  embedding_provider: tenant.embedding_provider ?? "",
  embedding_model: tenant.embedding_model ?? "",
  index: tenant.pinecone.index ?? "",
  host: tenant.pinecone.host ?? "",
  rerank_provider: tenant.retrieval.rerank_provider ?? "",
  rerank_model: tenant.retrieval.rerank_model ?? "",
});

type Form = ReturnType<typeof formOf>;

/** Only what was changed is sent. */
const changesOf = (typed: Partial<Form>) => {
  const sent = (names: readonly (keyof Form)[]) =>
    Object.fromEntries(names.filter((name) => name in typed).map((name) => [name, name === "vectors" && typed.vectors === "auto" ? null : typed[name]?.trim() || null]));
  const part = (name: string, names: readonly (keyof Form)[]) => {
    const members = sent(names);
    return Object.keys(members).length > 0 && { [name]: members };
  };
  return {
    ...sent(["embedding_provider", "embedding_model"]),
    ...part("retrieval", ["vectors", "rerank_provider", "rerank_model"]),
    ...part("pinecone", ["index", "host"]),
  };
};

/** How passages are found by what they mean: where their vectors are, who makes them, and who puts in order what was found. */
export const Vectors = ({ tenant, loaded }: { tenant: Tenant; loaded: Loaded<Tenant> }) => {
  const t = useTexts();
  const form = useForm<Form>(formOf(tenant));
  const { now, typed } = form;
  const save = useDeed(async () => {
    await loaded.change(changesOf(typed));
    form.discard();
    say(t.saved);
  });
  const makesAnew = (["vectors", "embedding_provider", "embedding_model", "index", "host"] as const).some((name) => now[name] !== form.saved[name]);
  const text = (name: Exclude<keyof Form, "vectors">) => (
    <Text
      label={t.vectors.fields[name]}
      hint={(t.vectors.hints as Record<string, string>)[name]}
      isCode
      value={now[name]}
      set={form.set(name)}
      fault={faultOf(save.error, name) ?? faultOf(save.error, `retrieval.${name}`) ?? faultOf(save.error, `pinecone.${name}`)}
    />
  );
  return (
    <Card title={t.vectors.title} lead={t.vectors.lead}>
      <SaveForm save={save} form={form} labels={t.vectors.fields} reread={loaded.again}>
        <Choice
          label={t.vectors.fields.vectors}
          hint={t.vectors.hints.vectors}
          value={now.vectors}
          set={form.set("vectors")}
          options={PLACES.map((place) => [place, t.vectors.places[place]])}
          fault={faultOf(save.error, "retrieval.vectors")}
        />
        {now.vectors !== "none" && (
          <div class="pair">
            {text("embedding_provider")}
            {text("embedding_model")}
          </div>
        )}
        {(now.vectors === "auto" || now.vectors === "pinecone") && (
          <div class="pair">
            {text("index")}
            {text("host")}
          </div>
        )}
        <div class="pair">
          {text("rerank_provider")}
          {text("rerank_model")}
        </div>
        {makesAnew && <p class="hint">{now.vectors === "none" ? t.vectors.gone : t.vectors.anew}</p>}
      </SaveForm>
    </Card>
  );
};

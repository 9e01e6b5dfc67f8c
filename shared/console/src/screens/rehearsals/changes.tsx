import { useTexts } from "../../preferences.js";
import { Difference } from "../prompt/difference.js";
import { formOf, type Settings } from "./form.js";

/** What a rehearsal tries: each setting that is otherwise. */
export const Changes = ({ before, after }: { before: Settings; after: Settings }) => {
  const t = useTexts();
  const [old, now] = [formOf(before), formOf(after)];
  const names = Object.keys(now) as (keyof typeof now & keyof typeof t.model.fields)[];
  const shown = (value: string | boolean) => (typeof value === "boolean" ? t.rehearsals[value ? "yes" : "no"] : value || t.rehearsals.usual);
  const rerank = (of: Settings) => of.retrieval.rerank_model ?? "";
  const rows = [
    ...names.filter((name) => now[name] !== old[name]).map((name) => [t.model.fields[name], shown(old[name]), shown(now[name])]),
    ...(rerank(before) !== rerank(after) ? [[t.rehearsals.rerank, shown(rerank(before)), shown(rerank(after))]] : []),
  ];
  return (
    <>
      {rows.length > 0 && (
        <ul class="changes">
          {rows.map(([name, from, to]) => (
            <li key={name}>
              {name}: <del>{from}</del> <ins>{to}</ins>
            </li>
          ))}
        </ul>
      )}
      {before.system_prompt !== after.system_prompt && <Difference before={before.system_prompt} after={after.system_prompt} />}
    </>
  );
};

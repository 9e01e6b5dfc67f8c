import { useRef, useState } from "preact/hooks";
import { useCell } from "../../cell.js";
import { Icon } from "../../icons.js";
import { Button } from "../../kit/button.js";
import { Text } from "../../kit/field.js";
import { Card } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { to } from "../../route.js";
import { fill, many, number } from "../../words.js";
import { listOf } from "./groups.js";
import { chosen, dropped, Empty, forgetUploads, retryUpload, TooLarge, upload, uploads, type Sending } from "./uploads.js";

/** Where files are put in: by dragging, or by choosing them. */
export const Drop = () => {
  const t = useTexts();
  const [isOver, over] = useState(false);
  const [groups, setGroups] = useState("");
  const whom = listOf(groups);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (event: Event & { currentTarget: HTMLInputElement }) => {
    if (event.currentTarget.files) upload(chosen(event.currentTarget.files), whom);
    event.currentTarget.value = "";
  };
  return (
    <div
      class={isOver ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        over(true);
      }}
      onDragLeave={() => over(false)}
      onDrop={(event) => {
        event.preventDefault();
        over(false);
        if (event.dataTransfer) void dropped(event.dataTransfer).then((files) => upload(files, whom));
      }}
    >
      <Icon name="upload" />
      <p>
        <strong>{t.knowledge.drop}</strong>
      </p>
      <p class="hint">{t.knowledge.kinds}</p>
      <div class="buttons">
        <Button press={() => files.current?.click()}>{t.knowledge.chooseFiles}</Button>
        <Button press={() => folder.current?.click()}>{t.knowledge.chooseFolder}</Button>
      </div>
      <details class="more-of">
        <summary>{whom.length > 0 ? fill(t.knowledge.onlyFor, { groups: whom.join(", ") }) : t.knowledge.forAll}</summary>
        <Text label={t.knowledge.groups} hint={t.knowledge.groupsHint} value={groups} set={setGroups} />
      </details>
      <input ref={files} type="file" multiple hidden onChange={take} aria-label={t.knowledge.chooseFiles} />
      <input ref={folder} type="file" hidden onChange={take} aria-label={t.knowledge.chooseFolder} {...{ webkitdirectory: true }} />
    </div>
  );
};

/** What is on its way, and what became of it. */
export const Uploads = () => {
  const t = useTexts();
  const all = useCell(uploads);
  if (all.length === 0) return null;
  const done = all.filter(({ state }) => state === "sent" || state === "known").length;
  const failed = all.filter(({ state }) => state === "failed");
  const isOver = done + failed.length === all.length;
  const shown = [...failed, ...all.filter(({ state }) => state === "sending"), ...all.filter(({ state }) => state === "known")].slice(0, 50);
  const said = all.length === 1 ? (done === 1 ? t.knowledge.sentOne : t.knowledge.notSentOne) : fill(many(done, t.knowledge.sent), { of: number(all.length) });
  return (
    <Card title={t.knowledge.uploads} actions={isOver && <Button press={forgetUploads}>{t.close}</Button>}>
      <p role="status" aria-atomic="true">
        {said}
        {failed.length > 0 && ` ${fill(t.knowledge.failedCount, { n: number(failed.length) })}`}
      </p>
      <progress value={done + failed.length} max={all.length} aria-label={t.knowledge.uploads} aria-valuetext={said} />
      <ul class="rows">
        {shown.map((one) => (
          <Upload key={one.key} one={one} />
        ))}
      </ul>
    </Card>
  );
};

const Upload = ({ one: { key, name, state, id, error } }: { one: Sending }) => {
  const t = useTexts();
  return (
    <li>
      <span dir="auto">{id ? <a href={to("knowledge", id)}>{name}</a> : name}</span>
      <span class="small">{t.knowledge.states[state]}</span>
      {state === "failed" &&
        (error instanceof TooLarge || error instanceof Empty ? <p class="fault">{error instanceof Empty ? t.knowledge.emptyFile : t.knowledge.tooLarge}</p> : <Trouble error={error} again={() => retryUpload(key)} />)}
    </li>
  );
};

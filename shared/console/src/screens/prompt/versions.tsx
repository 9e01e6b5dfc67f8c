import type { components } from "parlance-client";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePages, type Loaded } from "../../call.js";
import { Button } from "../../kit/button.js";
import { FormDialog } from "../../kit/dialog.js";
import { say } from "../../kit/say.js";
import { Badge } from "../../kit/table.js";
import { Loading } from "../../kit/screen.js";
import { Trouble } from "../../kit/trouble.js";
import { useTexts } from "../../preferences.js";
import { fill, moment } from "../../words.js";
import { Difference } from "./difference.js";

type Schemas = components["schemas"];

interface Props {
  current: Schemas["Tenant"];
  loaded: Loaded<Schemas["Tenant"]>;
}

/** The prompts that there have been: who set them and when, what each changed, and the way back. */
export const Versions = ({ current, loaded }: Props) => {
  const t = useTexts();
  const [isOpen, open] = useState(false);
  return (
    <details class="more-of" open={isOpen} onToggle={(event) => open(event.currentTarget.open)}>
      <summary>{fill(t.prompt.versions, { n: current.prompt_version })}</summary>
      {isOpen && <List current={current} loaded={loaded} />}
    </details>
  );
};

const List = ({ current, loaded }: Props) => {
  const t = useTexts();
  const pages = usePages<Schemas["PromptVersion"]>("/tenants/current/prompts", { limit: 20 });
  const seen = useRef(current.prompt_version);
  const [chosen, choose] = useState<number>();
  const [restored, restore] = useState<Schemas["PromptVersion"]>();
  useEffect(() => {
    if (seen.current !== current.prompt_version) pages.again();
    seen.current = current.prompt_version;
  }, [current.prompt_version]);
  const { items = [] } = pages;
  return (
    <>
      <ol class="versions">
        {items.map((one, nth) => {
          const isCurrent = one.version === current.prompt_version;
          const isChosen = chosen === one.version;
          return (
            <li key={one.version}>
              <div class="row">
                <strong>{fill(t.prompt.version, { n: one.version })}</strong>
                {isCurrent && <Badge tone="accent">{t.prompt.current}</Badge>}
                <span class="small" dir="auto">
                  {moment(one.set_at)}
                  {one.set_by && ` · ${one.set_by.email ?? t.prompt.someone}`}
                </span>
                <span class="rest">
                  <button type="button" class="link" aria-expanded={isChosen} onClick={() => choose(isChosen ? undefined : one.version)}>
                    {isChosen ? t.prompt.hide : t.prompt.show}
                  </button>
                  {!isCurrent && (
                    <button type="button" class="link" onClick={() => restore(one)}>
                      {t.prompt.restore}
                    </button>
                  )}
                </span>
              </div>
              {isChosen && <Difference before={items[nth + 1]?.system_prompt ?? (pages.hasMore ? one.system_prompt : "")} after={one.system_prompt} />}
            </li>
          );
        })}
      </ol>
      {!pages.items && !pages.error && <Loading />}
      <Trouble error={pages.error} again={pages.again} />
      {pages.hasMore && (
        <Button press={pages.more} isBusy={pages.isLoading}>
          {t.more}
        </Button>
      )}
      {restored && (
        <FormDialog
          title={fill(t.prompt.restoreTitle, { n: restored.version })}
          close={() => restore(undefined)}
          action={t.prompt.restore}
          isWide
          reread={loaded.again}
          send={async () => {
            const tenant = await loaded.change(undefined, { method: "POST", at: `/prompts/${restored.version}/restore` });
            say(fill(t.prompt.saved, { n: tenant.prompt_version }));
          }}
        >
          <p class="lead">{t.prompt.restoreLead}</p>
          <Difference before={current.system_prompt} after={restored.system_prompt} />
        </FormDialog>
      )}
    </>
  );
};

import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { call, usePages } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { FormDialog } from "../kit/dialog.js";
import { Text } from "../kit/field.js";
import { Card, Empty, Screen } from "../kit/screen.js";
import { say } from "../kit/say.js";
import { Badge, Listed } from "../kit/table.js";
import { Typed } from "../kit/typed.js";
import { useTexts } from "../preferences.js";
import { go, route, to } from "../route.js";
import { assume, session } from "../session.js";
import { day, fill } from "../words.js";
import type { ScreenProps } from "./index.js";
import { BudgetDialog } from "./tenants/budget.js";
import { EraseDialog } from "./tenants/erase.js";
import { NewTenantDialog } from "./tenants/new.js";

type Tenant = components["schemas"]["Tenant"];

/** Every organisation of the deployment: for superusers. */
export const Tenants = (_: ScreenProps) => {
  const t = useTexts();
  const search = useCell(route).query.get("search") || undefined;
  const pages = usePages<Tenant>("/tenants", { limit: 50, search });
  const [isMaking, make] = useState(false);
  const [entered, enter] = useState<Tenant>();
  const [switched, switchOf] = useState<Tenant>();
  const [limited, limit] = useState<Tenant>();
  const [erased, erase] = useState<Tenant>();
  const own = session.value?.me.tenant.id;
  return (
    <Screen
      title={t.tenants.title}
      lead={t.tenants.lead}
      actions={
        <Button kind="strong" icon="add" press={() => make(true)}>
          {t.tenants.make}
        </Button>
      }
    >
      <Card>
        <div class="line filters" role="search">
          <Typed name="search" label={t.tenants.find} />
        </div>
        <Listed
          pages={pages}
          label={t.tenants.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="house" title={search === undefined ? t.tenants.emptyTitle : t.tenants.noneTitle}>
              {search === undefined ? t.tenants.empty : t.tenants.none}
            </Empty>
          }
          columns={[
            {
              head: t.tenants.name,
              cell: (one) => (
                <span dir="auto">
                  {one.name} <code class="small">{one.slug}</code>
                </span>
              ),
            },
            {
              head: t.tenants.stands,
              cell: (one) => (
                <>
                  {one.status === "active" ? <Badge tone="good">{t.tenants.active}</Badge> : <Badge tone="bad">{t.tenants.suspended}</Badge>}{" "}
                  {one.warnings.length > 0 && <Badge tone="warn">{fill(t.tenants.warnings, { n: one.warnings.length })}</Badge>}
                </>
              ),
            },
            { head: t.tenants.model, kind: "extra", cell: (one) => [one.provider, one.chat_model].filter(Boolean).join(" · ") },
            { head: t.tenants.made, kind: "extra", cell: (one) => day(one.created_at) },
            {
              head: t.tenants.deeds,
              kind: "actions",
              cell: (one) =>
                one.id !== own && (
                  <>
                    <Button kind="quiet" press={() => enter(one)}>
                      {t.stay.enter}
                      <span class="hidden"> {one.name}</span>
                    </Button>
                    <Button kind="quiet" press={() => limit(one)}>
                      {t.limits.title}
                      <span class="hidden"> {one.name}</span>
                    </Button>
                    <Button kind="quiet" press={() => switchOf(one)}>
                      {one.status === "active" ? t.tenants.suspend : t.tenants.resume}
                      <span class="hidden"> {one.name}</span>
                    </Button>
                    {one.status === "suspended" && (
                      <Button kind="quiet" press={() => erase(one)}>
                        {t.delete}
                        <span class="hidden"> {one.name}</span>
                      </Button>
                    )}
                  </>
                ),
            },
          ]}
        />
      </Card>
      {isMaking && <NewTenantDialog close={() => make(false)} done={pages.again} />}
      {limited && <BudgetDialog tenant={limited} close={() => limit(undefined)} />}
      {erased && <EraseDialog tenant={erased} close={() => erase(undefined)} />}
      {entered && <EnterDialog tenant={entered} close={() => enter(undefined)} />}
      {switched && (
        <SwitchDialog tenant={switched} close={() => switchOf(undefined)} done={(next) => pages.change((items) => items.map((one) => (one.id === next.id ? next : one)))} />
      )}
    </Screen>
  );
};

const EnterDialog = ({ tenant, close }: { tenant: Tenant; close: () => void }) => {
  const t = useTexts();
  const [reason, setReason] = useState("");
  const send = async () => {
    await assume(tenant.id, reason.trim(), 15);
    go(to("prompt"));
  };
  return (
    <FormDialog title={fill(t.tenants.enterTitle, { name: tenant.name })} close={close} stays action={t.stay.enter} send={send} isReady={reason.trim() !== ""}>
      <p class="lead">{t.tenants.enterLead}</p>
      <Text label={t.stay.reason} hint={t.stay.reasonHint} value={reason} set={setReason} hasFocus isRequired />
    </FormDialog>
  );
};

const SwitchDialog = ({ tenant, close, done }: { tenant: Tenant; close: () => void; done: (tenant: Tenant) => void }) => {
  const t = useTexts();
  const isActive = tenant.status === "active";
  const send = async () => {
    const next = await call<Tenant>("PATCH", `/tenants/${tenant.id}`, { body: { status: isActive ? "suspended" : "active" } });
    done(next);
    say(fill(isActive ? t.tenants.suspendedSaid : t.tenants.resumedSaid, { name: tenant.name }));
  };
  return (
    <FormDialog
      title={fill(isActive ? t.tenants.suspendOf : t.tenants.resumeOf, { name: tenant.name })}
      kind={isActive ? "danger" : "strong"}
      action={isActive ? t.tenants.suspend : t.tenants.resume}
      close={close}
      send={send}
    >
      <p class="lead">{isActive ? t.tenants.suspendLead : t.tenants.resumeLead}</p>
    </FormDialog>
  );
};

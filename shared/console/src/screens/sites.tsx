import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { usePages } from "../call.js";
import { Button } from "../kit/button.js";
import { Card, Empty, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { useTexts } from "../preferences.js";
import { go, to } from "../route.js";
import { day } from "../words.js";
import type { ScreenProps } from "./index.js";
import { Allowed } from "./sites/allowed.js";
import { NewSiteDialog } from "./sites/new.js";
import { SiteScreen } from "./sites/site.js";

export type Site = components["schemas"]["Site"];

/** Web pages whose visitors may ask without an account. */
export const Sites = ({ path: [id] }: ScreenProps) => (id === undefined ? <List /> : <SiteScreen key={id} id={id} />);

const List = () => {
  const t = useTexts();
  const pages = usePages<Site>("/tenants/current/sites", { limit: 50 });
  const [isMaking, make] = useState(false);
  const button = (
    <Button kind="strong" icon="add" press={() => make(true)}>
      {t.sites.make}
    </Button>
  );
  return (
    <Screen title={t.sites.title} lead={t.sites.lead} actions={button}>
      <Card>
        <Listed
          pages={pages}
          label={t.sites.title}
          keyOf={({ id }) => id}
          empty={
            <Empty icon="globe" title={t.sites.emptyTitle} action={button}>
              {t.sites.empty}
            </Empty>
          }
          columns={[
            {
              head: t.sites.name,
              cell: (site) => (
                <a href={to("sites", site.id)} dir="auto">
                  {site.name}
                </a>
              ),
            },
            { head: t.sites.stands, cell: (site) => <IsOn site={site} /> },
            { head: t.sites.origins, kind: "extra", cell: (site) => site.origins.join(", ") || "–" },
            { head: t.sites.made, kind: "extra", cell: (site) => day(site.created_at) },
          ]}
        />
      </Card>
      <Allowed />
      {isMaking && <NewSiteDialog close={() => make(false)} done={(site) => go(to("sites", site.id))} />}
    </Screen>
  );
};

export const IsOn = ({ site }: { site: Site }) => {
  const t = useTexts();
  if (!site.is_on) return <Badge tone="bad">{t.sites.off}</Badge>;
  if (site.origins.length === 0) return <Badge tone="warn">{t.sites.noOrigin}</Badge>;
  return <Badge tone="good">{t.sites.on}</Badge>;
};

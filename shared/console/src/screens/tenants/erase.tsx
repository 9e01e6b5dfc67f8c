import type { components } from "parlance-client";
import { Button } from "../../kit/button.js";
import { CopyField } from "../../kit/copy.js";
import { Dialog } from "../../kit/dialog.js";
import { useTexts } from "../../preferences.js";
import { fill } from "../../words.js";

/** How an organisation is deleted: by a command, since the service's own role in the database cannot. */
export const EraseDialog = ({ tenant, close }: { tenant: components["schemas"]["Tenant"]; close: () => void }) => {
  const t = useTexts();
  const look = `parlance erase --tenant ${tenant.slug}`;
  return (
    <Dialog title={fill(t.erase.title, { name: tenant.name })} close={close} isWide>
      <p class="lead">{t.erase.lead}</p>
      <p class="label">{t.erase.look}</p>
      <CopyField label={t.erase.look} value={look} />
      <p class="label">{t.erase.confirm}</p>
      <CopyField label={t.erase.confirm} value={`${look} --confirm ${tenant.slug}`} />
      <p class="hint">{t.erase.receipt}</p>
      <div class="buttons">
        <Button kind="strong" press={close}>
          {t.done}
        </Button>
      </div>
    </Dialog>
  );
};

import { useTexts } from "../preferences.js";
import { Button } from "./button.js";
import { CopyField } from "./copy.js";
import { Dialog } from "./dialog.js";

/** What was made and is shown once, to be taken along. */
export const MadeDialog = ({ title, lead, label, value, close }: { title: string; lead: string; label: string; value: string; close: () => void }) => {
  const t = useTexts();
  return (
    <Dialog title={title} close={close} isWide>
      <p class="lead">{lead}</p>
      <CopyField label={label} value={value} isLong />
      <div class="buttons">
        <Button kind="strong" press={close}>
          {t.done}
        </Button>
      </div>
    </Dialog>
  );
};

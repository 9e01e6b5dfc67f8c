import type { Deed } from "../call.js";
import { useTexts } from "../preferences.js";
import { Button } from "./button.js";
import { Trouble } from "./trouble.js";

interface Props {
  /** What the form does, which its button sends. */
  save: Deed<[]>;
  isChanged: boolean;
  /** Takes back what was written. */
  discard: () => void;
  /** Fetches what somebody else has changed meanwhile. */
  reread?: () => void;
}

/** How a form ends that changes what there is: what came of saving it, and the buttons. */
export const Save = ({ save, isChanged, discard, reread }: Props) => {
  const t = useTexts();
  return (
    <>
      <Trouble error={save.error} {...(reread && { reread: () => (save.clear(), reread()) })} />
      <div class="buttons">
        {isChanged && <Button press={discard}>{t.discard}</Button>}
        <Button kind="strong" isSubmit isBusy={save.isBusy} isOff={!isChanged}>
          {t.save}
        </Button>
      </div>
    </>
  );
};

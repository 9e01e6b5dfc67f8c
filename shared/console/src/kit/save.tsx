import type { ComponentChildren } from "preact";
import type { Deed } from "../call.js";
import { useTexts } from "../preferences.js";
import { Button } from "./button.js";
import type { Form, Values } from "./form.js";
import { Meanwhile, type Labels } from "./meanwhile.js";
import { Trouble } from "./trouble.js";

interface Props<F extends Values> {
  /** What the form does, which its button sends. */
  save: Deed<[]>;
  form: Form<F>;
  labels: Labels<F>;
  /** Fetches what somebody else has changed meanwhile. */
  reread: () => void;
  /** Whether it can be saved as it is. */
  isReady?: boolean;
  /** Other buttons for what was changed. */
  buttons?: ComponentChildren;
  /** Its fields. */
  children: ComponentChildren;
}

/** A form that changes what there is: its fields, what came of saving it, what somebody else has changed, and the buttons. */
export const SaveForm = <F extends Values>({ save, form, labels, reread, isReady = true, buttons, children }: Props<F>) => {
  const t = useTexts();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void save.run();
      }}
    >
      {children}
      <Meanwhile form={form} labels={labels} />
      <Trouble error={save.error} reread={() => (save.clear(), reread())} />
      <div class="buttons">
        {form.isChanged && (
          <>
            {buttons}
            <Button press={() => form.discard()}>{t.discard}</Button>
          </>
        )}
        <Button kind="strong" isSubmit isBusy={save.isBusy} isOff={!form.isChanged || !isReady}>
          {t.save}
        </Button>
      </div>
    </form>
  );
};

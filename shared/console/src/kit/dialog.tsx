import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useDeed } from "../call.js";
import { useTexts } from "../preferences.js";
import { Button, IconButton } from "./button.js";
import { Trouble } from "./trouble.js";

interface Props {
  title: string;
  /** What closing it means; without, it stays. */
  close?: (() => void) | undefined;
  children: ComponentChildren;
  isWide?: boolean;
}

/** Above the screen, which waits. The browser keeps the focus inside, and gives it back. */
export const Dialog = ({ title, close, children, isWide }: Props) => {
  const t = useTexts();
  const id = useId();
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current!;
    const opener = document.activeElement;
    dialog.showModal();
    return () => {
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      class={isWide ? "wide" : undefined}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close?.();
      }}
    >
      <div class="head">
        <h2 id={id}>{title}</h2>
        {close && <IconButton icon="close" label={t.close} press={close} />}
      </div>
      {children}
    </dialog>
  );
};

interface FormProps extends Props {
  action: string;
  kind?: "strong" | "danger";
  /** What pressing the button does. The dialog closes itself when that is done. */
  send: () => Promise<unknown>;
  /** Whether its button can be pressed. */
  isReady?: boolean;
  /** Stays when that is done: it has something to show. */
  stays?: boolean;
  /** Fetches what somebody else has changed meanwhile. */
  reread?: () => void;
}

/** A dialog with one thing to do, which can be left. */
export const FormDialog = ({ title, close, children, action, kind = "strong", send, isReady = true, stays, reread, isWide }: FormProps) => {
  const t = useTexts();
  const deed = useDeed(send);
  return (
    <Dialog title={title} close={close} {...(isWide && { isWide })}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void deed.run().then((done) => done && !stays && close?.());
        }}
      >
        {children}
        <Trouble error={deed.error} {...(reread && { reread: () => (deed.clear(), reread()) })} />
        <div class="buttons">
          {close && <Button press={close}>{t.cancel}</Button>}
          <Button kind={kind} isSubmit isBusy={deed.isBusy} isOff={!isReady}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  );
};

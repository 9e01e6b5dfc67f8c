import { useRef, useState } from "preact/hooks";
import { useTexts } from "../preferences.js";
import { Button } from "./button.js";
import { say } from "./say.js";

/** Something to be taken along, such as a link or a key. */
export const CopyField = ({ label, value, isLong }: { label: string; value: string; isLong?: boolean }) => {
  const t = useTexts();
  const [isCopied, setCopied] = useState(false);
  const text = useRef<HTMLElement>(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      // Pages without TLS may not: there it is marked, to be copied by hand.
      const range = document.createRange();
      range.selectNodeContents(text.current!);
      getSelection()?.removeAllRanges();
      getSelection()?.addRange(range);
      return say(t.copyByHand);
    }
    setCopied(true);
    say(t.copied);
  };
  return (
    <div class="copy">
      <pre tabIndex={0} role="region" aria-label={label} class={isLong ? "long" : undefined}>
        <code ref={text}>{value}</code>
      </pre>
      <Button icon={isCopied ? "done" : "copy"} press={() => void copy()}>
        {t.copy}
      </Button>
    </div>
  );
};

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Rendered } from "../../../widget/src/markdown/render.js";
import { useTexts } from "../preferences.js";
import { say } from "./say.js";

/** An answer as the chat for pages draws it, by the same code: what a model says is never parsed as HTML. */
export const Markdown = ({ text, sources = 0, cite }: { text: string; sources?: number; cite?: (number: number) => void }) => {
  const t = useTexts();
  const element = useRef<HTMLDivElement>(null);
  const rendered = useRef<Rendered>();
  const around = useRef({ t, sources, cite });
  around.current = { t, sources, cite };
  useLayoutEffect(() => {
    rendered.current = new Rendered(element.current!, {
      get texts() {
        return around.current.t.markdown;
      },
      cite: (number) => {
        const { t, sources, cite } = around.current;
        if (!cite || number < 1 || number > sources) return undefined;
        const mark = document.createElement("button");
        mark.type = "button";
        mark.className = "cite";
        mark.textContent = `${number}`;
        mark.setAttribute("aria-label", t.playground.source.replace("{n}", `${number}`));
        mark.onclick = () => around.current.cite?.(number);
        return mark;
      },
      copied: () => say(around.current.t.copied),
    });
  }, []);
  useLayoutEffect(() => rendered.current!.show(text), [text]);
  // What cites is drawn before it is known what there is.
  useEffect(() => {
    if (sources > 0) rendered.current!.redraw(text);
  }, [sources]);
  return <div class="markdown" ref={element} />;
};

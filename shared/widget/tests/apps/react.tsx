// A page made with React that has the chat, as the documentation tells.
import { useRef, useState } from "react";
import { createRoot } from "react-dom/client";
import "parlance-widget";
import type { ParlanceChatElement } from "parlance-widget";
import type {} from "parlance-widget/react";

const Help = ({ host, site }: { host: string; site: string }) => {
  const chat = useRef<ParlanceChatElement>(null);
  const [opened, setOpened] = useState(0);
  const [asked, setAsked] = useState(0);
  return (
    <>
      <button onClick={() => void chat.current?.show()}>Help</button>
      <output>{`opened ${opened}, asked ${asked}`}</output>
      <parlance-chat
        ref={chat}
        host={host}
        site={site}
        heading="Of a framework"
        theme="dark"
        identityToken={async () => void setAsked((n) => n + 1)}
        onparlance-open={() => setOpened((n) => n + 1)}
      />
    </>
  );
};

// @ts-expect-error it must be told which site it is
export const wrong = <parlance-chat host="https://chat.example.com" />;

const app = document.getElementById("app")!;
createRoot(app).render(<Help host={app.dataset["host"]!} site={app.dataset["site"]!} />);

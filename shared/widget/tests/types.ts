// Compiled, never run: what users of the package may write.
import { ParlanceChat, type ParlanceChatElement } from "parlance-widget";

const made = new ParlanceChat();
made.identityToken = async () => (await fetch("/chat-token")).text();
made.identityToken = undefined;
void made.show().then(() => made.hide());

const found: ParlanceChatElement | null = document.querySelector("parlance-chat");
found?.setAttribute("theme", "dark");
found?.addEventListener("parlance-open", () => {});

// @ts-expect-error a number is no token
made.identityToken = 5;

// A page made with Vue that has the chat, as the documentation tells.
import { createApp, ref } from "vue";
import "parlance-widget";
import type { ParlanceChatElement } from "parlance-widget";

const root = document.getElementById("app")!;
const app = createApp({
  setup: () => {
    const chat = ref<ParlanceChatElement>();
    const [opened, asked] = [ref(0), ref(0)];
    const identityToken = async () => void asked.value++;
    const { host, site } = root.dataset;
    return { chat, opened, asked, identityToken, host, site, help: () => chat.value?.show() };
  },
  template: `
    <button @click="help">Help</button>
    <output>opened {{ opened }}, asked {{ asked }}</output>
    <parlance-chat ref="chat" :host="host" :site="site" heading="Of a framework" theme="dark"
      :identityToken="identityToken" @parlance-open="opened++" />`,
});
app.config.compilerOptions.isCustomElement = (tag) => tag === "parlance-chat";
app.mount(root);

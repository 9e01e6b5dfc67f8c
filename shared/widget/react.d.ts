// `<parlance-chat>` in JSX, for React 19: `import type {} from "parlance-widget/react"`.
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type { IdentityToken, ParlanceChatAttributes, ParlanceChatElement } from "./index.js";

interface ParlanceChatProps extends ParlanceChatAttributes {
  identityToken?: IdentityToken | undefined;
  "onparlance-open"?: ((event: CustomEvent) => void) | undefined;
  "onparlance-close"?: ((event: CustomEvent) => void) | undefined;
}

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "parlance-chat": DetailedHTMLProps<HTMLAttributes<ParlanceChatElement>, ParlanceChatElement> & ParlanceChatProps;
    }
  }
}

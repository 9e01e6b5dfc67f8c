import { Component, type ComponentChildren } from "preact";
import { Trouble } from "../kit/trouble.js";

/** Keeps a screen's own fault from taking the rest of the page away. */
export class Boundary extends Component<{ children: ComponentChildren }, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static override getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override componentDidCatch(error: unknown): void {
    console.error(error);
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    return (
      <div class="screen">
        <Trouble error={this.state.error} again={() => this.setState({ error: undefined })} />
      </div>
    );
  }
}

import type { components } from "parlance-client";
import { useState } from "preact/hooks";
import { useLoad, usePages } from "../call.js";
import { useCell } from "../cell.js";
import { Button } from "../kit/button.js";
import { Choice, Text } from "../kit/field.js";
import { Card, Empty, Loading, Screen } from "../kit/screen.js";
import { Badge, Listed } from "../kit/table.js";
import { Trouble } from "../kit/trouble.js";
import { useTexts } from "../preferences.js";
import { route, setQuery, to } from "../route.js";
import { ago, fill, moment, number } from "../words.js";
import { ConversationScreen } from "./conversations/conversation.js";
import type { ScreenProps } from "./index.js";
import { Sharing } from "./unanswered/sharing.js";

type Schemas = components["schemas"];
type Conversation = Schemas["SharedConversation"];

/** What the organisation's people say, where it shares that and they are told; to a superuser who is here for a reason, all of it. */
export const Conversations = ({ path: [id], who }: ScreenProps) => (id ? <ConversationScreen id={id} /> : <Overview isGuest={who.isGuest} />);

const Overview = ({ isGuest }: { isGuest: boolean }) => {
  const t = useTexts();
  const shared = useLoad<Schemas["SharedConversationList"]>("/admin/conversations", { limit: 1 });
  const isShown = isGuest || shared.data?.share_conversations === true;
  return (
    <Screen title={t.conversations.title} lead={t.conversations.lead}>
      <Trouble error={shared.error} again={shared.again} />
      {!shared.data && !shared.error && <Loading lines={4} />}
      {shared.data &&
        (isShown ? (
          <List />
        ) : (
          <Card>
            <Empty icon="chat" title={t.conversations.closedTitle}>
              {t.conversations.closed}
            </Empty>
          </Card>
        ))}
      {shared.data && <Sharing setting="share_conversations" texts={t.conversations.sharing} changed={shared.again} />}
    </Screen>
  );
};

const RATINGS = ["up", "down"] as const;

const List = () => {
  const t = useTexts();
  const { query } = useCell(route);
  const q = query.get("q") ?? undefined;
  const rating = RATINGS.find((one) => one === query.get("rating"));
  const pages = usePages<Conversation>("/admin/conversations", { q, rating, limit: 50 });
  const [typed, type] = useState(q ?? "");
  return (
    <Card>
      <form
        class="line"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          setQuery({ q: typed.trim() || undefined });
        }}
      >
        <Text label={t.conversations.search} type="search" isBare placeholder={t.conversations.search} value={typed} set={type} />
        <Choice
          label={t.conversations.rating}
          isBare
          value={rating ?? ""}
          set={(rating) => setQuery({ rating: rating || undefined })}
          options={[["", t.people.all], ...RATINGS.map((one) => [one, t.conversations.of[one]] as const)]}
        />
        <Button isSubmit icon="search">
          {t.conversations.find}
        </Button>
      </form>
      <Listed
        pages={pages}
        label={t.conversations.title}
        keyOf={({ id }) => id}
        empty={
          <Empty icon="chat" title={t.conversations.emptyTitle}>
            {q || rating ? t.conversations.none : t.conversations.empty}
          </Empty>
        }
        columns={[
          {
            head: t.conversations.conversation,
            cell: (one) => (
              <>
                <a href={to("conversations", one.id)} dir="auto">
                  {one.title}
                </a>
                {one.snippet && <p class="small" dir="auto">{one.snippet}</p>}
              </>
            ),
          },
          { head: t.conversations.messages, kind: "number", cell: (one) => number(one.messages) },
          { head: t.conversations.rating, cell: (one) => <Thumbs one={one} /> },
          { head: t.conversations.when, kind: "extra", cell: (one) => <span class="nowrap" title={moment(one.updated_at)}>{ago(one.updated_at)}</span> },
        ]}
      />
    </Card>
  );
};

const Thumbs = ({ one }: { one: Conversation }) => {
  const t = useTexts();
  if (one.thumbs_up + one.thumbs_down === 0) return <>–</>;
  return (
    <>
      {one.thumbs_up > 0 && <Badge tone="good">{fill(t.conversations.up, { n: one.thumbs_up })}</Badge>}{" "}
      {one.thumbs_down > 0 && <Badge tone="bad">{fill(t.conversations.down, { n: one.thumbs_down })}</Badge>}
    </>
  );
};

import { useEffect, useState } from "preact/hooks";
import { useCell } from "../cell.js";
import { route, setQuery } from "../route.js";
import { Text } from "./field.js";

/** A filter that is typed, and stands in the address by its name: a pause, not each letter, asks. */
export const Typed = ({ name, label, placeholder }: { name: string; label: string; placeholder?: string }) => {
  const asked = useCell(route).query.get(name) ?? "";
  const [text, setText] = useState(asked);
  useEffect(() => {
    if (text === asked) return;
    const timer = setTimeout(() => setQuery({ [name]: text.trim() }), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return <Text label={label} type="search" value={text} set={setText} {...(placeholder && { placeholder })} />;
};

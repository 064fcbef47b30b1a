import type { ReactNode } from "react";

import { text } from "../text/current";
import { Button } from "./Button";

type Look = "plain" | "busy" | "good" | "bad";

interface NoticeProps {
  look?: Look;
  /** Closes the notice; without it there is no button for that. */
  onClose?: () => void;
  children: ReactNode;
}

const LOOKS: Record<Look, { notice: string; led: string }> = {
  plain: { notice: "", led: "" },
  busy: { notice: "", led: "led-busy" },
  good: { notice: "notice-good", led: "led-live" },
  bad: { notice: "notice-bad", led: "led-off" },
};

/** A message with a light. A bad one is announced by screen readers at once, any other when they are idle. */
export function Notice({ look = "plain", onClose, children }: NoticeProps) {
  const { notice, led } = LOOKS[look];
  return (
    <div className={`notice ${notice}`} role={look === "bad" ? "alert" : "status"}>
      <span className={`led ${led}`} aria-hidden="true" />
      <div className="notice-text">{children}</div>
      {onClose && (
        <Button look="quiet" onClick={onClose}>
          {text.close}
        </Button>
      )}
    </div>
  );
}

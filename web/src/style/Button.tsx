import type { ButtonHTMLAttributes } from "react";

import { text } from "../text/current";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** The main action, an ordinary one, or one in the background. */
  look?: "first" | "plain" | "quiet";
  wide?: boolean;
  /** The action is under way. The button keeps the focus, says so, and ignores clicks. */
  busy?: boolean;
}

export function Button({ look = "plain", wide = false, busy = false, onClick, children, ...rest }: ButtonProps) {
  const classes = ["button", look !== "plain" && `button-${look}`, wide && "button-wide"].filter(Boolean).join(" ");
  return (
    <button
      type="button"
      {...rest}
      className={classes}
      aria-disabled={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {busy && <span className="led led-busy" aria-hidden="true" />}
      {children}
      {busy && <span className="visually-hidden">, {text.pleaseWait}</span>}
    </button>
  );
}

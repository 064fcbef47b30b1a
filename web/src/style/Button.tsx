import type { ButtonHTMLAttributes } from "react";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  /** The one that leads on, or one that stays in the background. */
  look?: "first" | "plain" | "quiet";
  wide?: boolean;
  /** Whether it is being done. It keeps the focus, says so, and does nothing more. */
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
      {busy && <span className="unseen">, please wait</span>}
    </button>
  );
}

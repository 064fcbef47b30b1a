import { useLocation, useNavigate } from "react-router";

import { Notice } from "../style/Notice";
import { text } from "../text/current";

/** Says that the email was changed, after the page of the mailed link has opened the account page. */
export function EmailNotice() {
  const state: unknown = useLocation().state;
  const navigate = useNavigate();
  if (typeof state !== "object" || state === null || !("emailConfirmed" in state)) return null;
  return (
    <Notice look="good" onClose={() => void navigate("/account", { replace: true })}>
      <p>{text.access.confirmed(String(state.emailConfirmed))}</p>
    </Notice>
  );
}

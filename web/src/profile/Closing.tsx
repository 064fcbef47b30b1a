import { type MouseEvent, useState } from "react";

import { useAccount } from "../account/context";
import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { CloseAccountDocument, type Tier } from "../generated/graphql";
import { sessions } from "../session/current";
import { PasswordField } from "../session/PasswordField";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { text } from "../text/current";
import { closing } from "./closed";

/** Closes the account once the person confirms with the password, and leads to the log-in page. */
export function Closing({ tier, onKeep }: { tier: Tier | null; onKeep: () => void }) {
  const { run, busy, failure } = useAction(CloseAccountDocument);
  const { balance } = useAccount();
  const [currentPassword, setCurrentPassword] = useState("");
  const credits = balance?.credits ?? 0;
  const close = async () => {
    if ((await run({ input: { currentPassword } })) === null) return;
    closing.done();
    // The account page leads to the log-in page now.
    sessions.end();
  };
  const confirm = (event: MouseEvent<HTMLButtonElement>) => {
    if (!event.currentTarget.form?.reportValidity()) return;
    // The websocket is closed before the reply arrives.
    void sessions.revoking(close);
  };
  return (
    <Dialog title={text.profile.closeTitle} onClose={onKeep}>
      <p>{text.profile.closeText}</p>
      <ul>
        <li>{credits > 0 ? text.profile.losesCredits(text.credits(credits)) : text.profile.losesNoCredits}</li>
        {tier !== null && <li>{text.profile.losesPlan(text.tiers[tier])}</li>}
        <li>{text.profile.keepsBooks}</li>
      </ul>
      {/* Enter in the field closes nothing: only the button does. */}
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
        }}
      >
        <PasswordField label={text.access.currentPassword} password={currentPassword} onChange={setCurrentPassword} />
        <Problem failure={failure} />
        <p className="actions">
          <Button look="first" onClick={onKeep}>
            {text.profile.keep}
          </Button>
          <Button busy={busy} onClick={confirm}>
            {text.profile.close}
          </Button>
        </p>
      </form>
    </Dialog>
  );
}

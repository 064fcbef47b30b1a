import { type SubmitEvent, useState } from "react";

import { Problem } from "../gateway/Problem";
import { useAction } from "../gateway/useAction";
import { ChangePasswordDocument } from "../generated/graphql";
import { sessions } from "../session/current";
import { NewPasswordFields, NO_PASSWORD } from "../session/NewPasswordFields";
import { PasswordField } from "../session/PasswordField";
import { Button } from "../style/Button";
import { Dialog } from "../style/Dialog";
import { text } from "../text/current";

/** The dialog that changes the password, and continues with a new session. */
export function PasswordChange({ onClose }: { onClose: (changed: boolean) => void }) {
  const { run, busy, failure } = useAction(ChangePasswordDocument);
  const [currentPassword, setCurrentPassword] = useState("");
  const [typed, setTyped] = useState(NO_PASSWORD);
  const change = async () => {
    const data = await run({ input: { currentPassword, newPassword: typed.password } });
    if (data === null) return;
    sessions.begin(data.changePassword);
    onClose(true);
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void sessions.revoking(change);
  };
  const keep = () => {
    onClose(false);
  };
  return (
    <Dialog title={text.access.changePassword} onClose={keep}>
      <p className="quiet">{text.access.changeText}</p>
      <form className="form" onSubmit={submit}>
        <PasswordField label={text.access.currentPassword} password={currentPassword} onChange={setCurrentPassword} />
        <NewPasswordFields typed={typed} onChange={setTyped} />
        <Problem failure={failure} />
        <p className="actions">
          <Button type="submit" look="first" busy={busy}>
            {text.access.setPassword}
          </Button>
          <Button onClick={keep}>{text.access.keepPassword}</Button>
        </p>
      </form>
    </Dialog>
  );
}

import { useState } from "react";

import { ChangeDialog } from "../gateway/ChangeDialog";
import { useAction } from "../gateway/useAction";
import { ChangePasswordDocument } from "../generated/graphql";
import { sessions } from "../session/current";
import { NewPasswordFields, NO_PASSWORD } from "../session/NewPasswordFields";
import { PasswordField } from "../session/PasswordField";
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
  return (
    <ChangeDialog
      title={text.access.changePassword}
      lead={text.access.changeText}
      submit={text.access.setPassword}
      keep={text.access.keepPassword}
      busy={busy}
      failure={failure}
      onSubmit={() => void sessions.revoking(change)}
      onKeep={() => {
        onClose(false);
      }}
    >
      <PasswordField label={text.access.currentPassword} password={currentPassword} onChange={setCurrentPassword} />
      <NewPasswordFields typed={typed} onChange={setTyped} />
    </ChangeDialog>
  );
}

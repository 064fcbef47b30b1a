import { useState } from "react";

import { ChangeDialog } from "../gateway/ChangeDialog";
import { useAction } from "../gateway/useAction";
import { ChangeNameDocument, type ProfileQuery } from "../generated/graphql";
import { sessions } from "../session/current";
import { Field } from "../style/Field";
import { text } from "../text/current";

interface NameChangeProps {
  viewer: NonNullable<ProfileQuery["viewer"]>;
  onClose: (saved: boolean) => void;
}

/** The dialog that changes the names. */
export function NameChange({ viewer, onClose }: NameChangeProps) {
  const { run, busy, failure } = useAction(ChangeNameDocument);
  const [username, setUsername] = useState(viewer.username);
  const [displayName, setDisplayName] = useState(viewer.displayName ?? "");
  const save = async () => {
    const data = await run({ input: { username, displayName: displayName.trim() === "" ? null : displayName } });
    if (data === null) return;
    sessions.rename(data.changeName.username);
    onClose(true);
  };
  return (
    <ChangeDialog
      title={text.profile.changeName}
      submit={text.profile.saveName}
      keep={text.profile.keepName}
      busy={busy}
      failure={failure}
      onSubmit={() => void save()}
      onKeep={() => {
        onClose(false);
      }}
    >
      <Field
        label={text.profile.username}
        autoComplete="nickname"
        required
        value={username}
        onChange={(event) => {
          setUsername(event.target.value);
        }}
      />
      <Field
        label={text.profile.displayName}
        hint={text.profile.displayNameHint}
        autoComplete="name"
        value={displayName}
        onChange={(event) => {
          setDisplayName(event.target.value);
        }}
      />
    </ChangeDialog>
  );
}

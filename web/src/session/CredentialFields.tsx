import { text } from "../text/current";
import { Field } from "../style/Field";
import { passwordProblem } from "./password";

/** The email and the password of a person. */
export interface Credentials {
  email: string;
  password: string;
}

interface CredentialFieldsProps {
  credentials: Credentials;
  onChange: (credentials: Credentials) => void;
  /** A new password is checked and explained; a known one is only asked for. */
  isNew?: boolean;
  /** The email is known, and cannot be changed. */
  emailFixed?: boolean;
}

/** The fields for an email and a password. */
export function CredentialFields({ credentials, onChange, isNew = false, emailFixed = false }: CredentialFieldsProps) {
  return (
    <>
      <Field
        label={text.session.email}
        type="email"
        autoComplete={isNew ? "email" : "username"}
        required
        readOnly={emailFixed}
        value={credentials.email}
        onChange={(event) => {
          onChange({ ...credentials, email: event.target.value });
        }}
      />
      <Field
        label={text.session.password}
        {...(isNew && { hint: text.session.passwordHint })}
        type="password"
        autoComplete={isNew ? "new-password" : "current-password"}
        required
        value={credentials.password}
        onChange={(event) => {
          event.target.setCustomValidity(isNew ? passwordProblem(event.target.value) : "");
          onChange({ ...credentials, password: event.target.value });
        }}
      />
    </>
  );
}
